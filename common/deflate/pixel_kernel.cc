#include "common/deflate/pixel_kernel.h"

namespace millrace {
namespace {

template <size_t kGroup>
struct TokenWriter {
  void Match(MatchKind kind, MatchLength length) { writer.Put(tables.matches[kind][length]); }
  void Group(const uint8_t* p) {
    Pair(p);
    kGroup == kTextGroup ? Pair(p + 2) : Byte(p[2]);
  }
  void Pair(const uint8_t* p) {
    const uint32_t first = tables.literals[p[0]], second = tables.literals[p[1]];
    const uint32_t bits = (first & 0xffff) | (second & 0xffff) << (first >> PixelTables::kCountShift);
    writer.Put(bits, (first >> PixelTables::kCountShift) + (second >> PixelTables::kCountShift));
  }
  void Byte(uint8_t byte) {
    writer.Put(tables.literals[byte] & 0xffff, tables.literals[byte] >> PixelTables::kCountShift);
  }

  const PixelTables& tables;
  BitWriter writer;  // a copy, so that it stays in registers
};

template <size_t kGroup>
void PutVectors(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
                BitWriter& writer) {
  TokenWriter<kGroup> token{tables, writer};
  for (size_t at = begin; at < end; at += kGroup * kVectorGroups)
    ParseVector<kGroup>(block, at, kVectorGroups, row, token);
  writer = token.writer;
}

template <size_t kGroup>
void PutRest(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables, BitWriter& writer) {
  TokenWriter<kGroup> token{tables, writer};
  const size_t groups = (end - begin) / kGroup;
  ParseVector<kGroup>(block, begin, groups, row, token);
  for (size_t at = begin + groups * kGroup; at < end; ++at) token.Byte(block[at]);
  writer = token.writer;
}

}  // namespace

PixelTables::PixelTables(const PixelCode& code) : group(code.group()) {
  for (size_t c = 0; c < 256; ++c) {
    const BitString& literal = code.literal(static_cast<uint8_t>(c));
    literals[c] = static_cast<uint32_t>(literal.bits) | literal.count << kCountShift;
    if (c >= sizeof short_codes) continue;
    short_codes[c] = static_cast<uint8_t>(literal.bits);
    short_counts[c] = literal.count <= 8 ? static_cast<uint8_t>(literal.count) : kLong;
  }
  for (size_t value = 0; value < 64; ++value) {
    const auto character = static_cast<uint8_t>(kBase64Url[value]);
    alphabet_codes[value] = short_codes[character];
    alphabet_counts[value] = short_counts[character];
  }
  for (MatchLength length : {kMatchGroup, kMatchPair, kMatchVector}) matches[kSame][length] = code.Match(length, group);
}

void PixelTables::SetRow(const PixelCode& code, size_t row) {
  if (row == 0) return;
  for (MatchLength length : {kMatchGroup, kMatchPair, kMatchVector}) matches[kAbove][length] = code.Match(length, row);
}

void PixelKernelScalar(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
                       BitWriter& writer) {
  auto* put = tables.group == kTextGroup ? PutVectors<kTextGroup> : PutVectors<kRawGroup>;
  put(block, begin, end, row, tables, writer);
}

void PutVector(const uint8_t* block, size_t begin, size_t end, size_t row, const PixelTables& tables,
               BitWriter& writer) {
  auto* put = tables.group == kTextGroup ? PutRest<kTextGroup> : PutRest<kRawGroup>;
  put(block, begin, end, row, tables, writer);
}

}  // namespace millrace
