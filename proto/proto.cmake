# Messages (every layer) and services (only what links gRPC) are two targets, so that a wrong dependency is a link error.
# Included by the root, not a subdirectory: protobuf_generate then puts files where `#include "proto/x.pb.h"` finds them.
# Generated headers are SYSTEM: our warnings leave them alone.
set(messages proto/job.proto proto/task.proto proto/journal.proto proto/client.proto proto/example.proto)
add_library(millrace_proto STATIC ${messages})
target_link_libraries(millrace_proto PUBLIC protobuf::libprotobuf)
target_include_directories(millrace_proto SYSTEM PUBLIC ${PROJECT_BINARY_DIR})
protobuf_generate(TARGET millrace_proto IMPORT_DIRS ${PROJECT_SOURCE_DIR})

if(MILLRACE_RPC)
  add_library(millrace_proto_rpc STATIC proto/coordinator.proto)
  target_link_libraries(millrace_proto_rpc PUBLIC millrace_proto gRPC::grpc++)
  protobuf_generate(TARGET millrace_proto_rpc IMPORT_DIRS ${PROJECT_SOURCE_DIR})
  protobuf_generate(TARGET millrace_proto_rpc LANGUAGE grpc GENERATE_EXTENSIONS .grpc.pb.h .grpc.pb.cc
                    PLUGIN "protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>"
                    IMPORT_DIRS ${PROJECT_SOURCE_DIR})
endif()
