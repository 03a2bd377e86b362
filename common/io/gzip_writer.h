// One gzip member (RFC 1952) from a stream: TensorFlow loses data behind a second member, so there is never one.
// Header: FLG 0, MTIME 0, OS 3 (Unix). The bytes depend on the stream, the effort and the library's version only.
#pragma once

#include <memory>
#include <string>

#include "common/io/block_writer.h"

namespace millrace {

enum class GzipEffort {
  kBalanced,  // ISA-L igzip level 1: 380 MB/s a core on base64 of photographs, 57 % of their size
  kSmall,     // zlib level 6, as TFRecorder: 35 MB/s, 52 %
};

// `sink` is borrowed; it gets pieces of up to 256 KiB.
std::unique_ptr<BlockWriter> NewGzipWriter(GzipEffort effort, ByteSink& sink);

// "isal-2.30 zlib-1.2.13": another version may give other bytes.
std::string GzipVersions();

}  // namespace millrace
