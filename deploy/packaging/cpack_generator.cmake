# Read by cpack once for each generator.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
else()
  set(CPACK_PRE_BUILD_SCRIPTS ${CPACK_MILLRACE_PACKAGING}/bundle.cmake)
endif()
