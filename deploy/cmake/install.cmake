# cmake --install and cpack. The .deb depends on Debian's libraries; the .tar.gz carries every library but glibc, so that
# it runs from any folder of any Linux with glibc 2.36 or newer (deploy/packaging/bundle_libraries.sh).
if(NOT TARGET millrace)
  return()  # without gRPC there are no programs
endif()
include(GNUInstallDirs)
install(TARGETS millrace millrace_coordinator millrace_worker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES README.md LICENSE docs/operations.md docs/metrics.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES deploy/prometheus/prometheus.yml deploy/prometheus/millrace_alerts.yml deploy/systemd/millrace.default
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES deploy/systemd/millrace-coordinator.service deploy/systemd/millrace-worker.service
        DESTINATION lib/systemd/system)
install(FILES deploy/systemd/millrace.sysusers DESTINATION lib/sysusers.d RENAME millrace.conf)
# The units name /usr/bin, where the .deb puts the programs.
install(CODE [[
  if(NOT CMAKE_INSTALL_PREFIX MATCHES "_CPack_Packages")
    foreach(unit coordinator worker)
      set(file "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/millrace-${unit}.service")
      file(READ "${file}" text)
      string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_PREFIX}/bin/" text "${text}")
      file(WRITE "${file}" "${text}")
    endforeach()
  endif()
]])

set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_PACKAGE_CONTACT "Millrace developers <millrace@localhost>")
set(CPACK_PACKAGE_VENDOR "Millrace")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Turns a CSV of image URIs into TFRecord datasets, on your own machines")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME "millrace-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/packaging/postinst)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/deploy/packaging/cpack_generator.cmake)
set(CPACK_MILLRACE_PACKAGING ${PROJECT_SOURCE_DIR}/deploy/packaging)
include(CPack)
