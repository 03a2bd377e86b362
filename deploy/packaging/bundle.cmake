# Run by cpack when the files of the .tar.gz are staged and not yet packed.
execute_process(
  COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/bundle_libraries.sh
          ${CPACK_TEMPORARY_INSTALL_DIRECTORY}
  COMMAND_ERROR_IS_FATAL ANY)
