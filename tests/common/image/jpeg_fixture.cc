#include "tests/common/image/jpeg_fixture.h"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <jpeglib.h>

namespace millrace {
namespace {

// Smooth waves with a little noise, so that all coefficients are used.
void FillRow(const JpegFixture& fixture, int y, std::vector<JSAMPLE>& row) {
  for (int x = 0; x < fixture.width; ++x) {
    for (int c = 0; c < fixture.components; ++c) {
      int noise = (x * 31 + y * 17 + fixture.seed * 7 + c * 5) % 13;
      int wave = (x * (c + 2) + y * (5 - c) + fixture.seed * 40) % 230;
      row[static_cast<size_t>(x * fixture.components + c)] = static_cast<JSAMPLE>(wave + noise);
    }
  }
}

std::vector<jpeg_scan_info> OneScanACoefficient() {
  std::vector<jpeg_scan_info> scans;
  scans.push_back({3, {0, 1, 2, 0}, 0, 0, 0, 0});
  for (int component = 0; component < 3; ++component) {
    for (int k = 1; k < 64; ++k) scans.push_back({1, {component, 0, 0, 0}, k, k, 0, 0});
  }
  return scans;
}

}  // namespace

std::string MakeJpeg(const JpegFixture& fixture) {
  jpeg_compress_struct cinfo;
  jpeg_error_mgr errors;
  cinfo.err = jpeg_std_error(&errors);
  jpeg_create_compress(&cinfo);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&cinfo, &bytes, &size);
  cinfo.image_width = static_cast<JDIMENSION>(fixture.width);
  cinfo.image_height = static_cast<JDIMENSION>(fixture.height);
  cinfo.input_components = fixture.components;
  cinfo.in_color_space = fixture.components == 1 ? JCS_GRAYSCALE : fixture.components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&cinfo);
  jpeg_set_quality(&cinfo, fixture.quality, TRUE);
  if (fixture.components == 4) jpeg_set_colorspace(&cinfo, fixture.ycck ? JCS_YCCK : JCS_CMYK);
  std::vector<jpeg_scan_info> scans = OneScanACoefficient();
  if (fixture.progressive) jpeg_simple_progression(&cinfo);
  if (fixture.one_scan_a_coefficient) {
    cinfo.scan_info = scans.data();
    cinfo.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&cinfo, TRUE);
  std::vector<JSAMPLE> row(static_cast<size_t>(fixture.width * fixture.components));
  for (int y = 0; y < fixture.height; ++y) {
    FillRow(fixture, y, row);
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&cinfo, &pointer, 1);
  }
  jpeg_finish_compress(&cinfo);
  std::string file(reinterpret_cast<char*>(bytes), size);
  jpeg_destroy_compress(&cinfo);
  std::free(bytes);
  return file;
}

std::string WithSize(std::string jpeg, int width, int height) {
  for (size_t at = 2; at + 9 < jpeg.size();) {
    auto byte = [&](size_t i) { return static_cast<unsigned char>(jpeg[i]); };
    if (byte(at + 1) == 0xc0 || byte(at + 1) == 0xc2) {  // SOF0, SOF2: length, precision, height, width
      jpeg[at + 5] = static_cast<char>(height >> 8);
      jpeg[at + 6] = static_cast<char>(height);
      jpeg[at + 7] = static_cast<char>(width >> 8);
      jpeg[at + 8] = static_cast<char>(width);
      return jpeg;
    }
    at += 2u + (static_cast<size_t>(byte(at + 2)) << 8 | byte(at + 3));
  }
  return jpeg;
}

}  // namespace millrace
