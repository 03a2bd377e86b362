#include "coordinator/cli/convert_spec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/daemon.h"
#include "common/base/hash.h"
#include "common/base/status_macros.h"
#include "common/dataset/option_words.h"
#include "common/dataset/schema.h"
#include "coordinator/cli/schema_file.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

absl::Status FlagError(absl::string_view flag, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", what));
}

absl::Status SetOutput(const ConvertFlags& flags, const std::string& folder, ConvertSpec& spec) {
  absl::string_view output = flags.output;
  absl::ConsumePrefix(&output, "file://");
  if (output.empty()) return FlagError("--output", "no folder is named");
  spec.set_output(AbsolutePath(output, folder));
  if (spec.output() == "/") return FlagError("--output", "the root folder cannot be a dataset");
  return absl::OkStatus();
}

absl::Status SetShards(const ConvertFlags& flags, ConvertSpec& spec) {
  spec.set_num_shards(flags.num_shards);
  if (flags.shard_size.empty()) return absl::OkStatus();
  if (flags.num_shards > 0) return FlagError("--shard-size", "cannot be combined with --num-shards");
  const auto size = ParseByteSize(flags.shard_size);
  if (!size.ok()) return Annotate(size.status(), "--shard-size");
  if (*size < kKiB) return FlagError("--shard-size", "must be at least 1KiB");
  spec.set_shard_size_bytes(*size);
  return absl::OkStatus();
}

absl::Status SetSeed(const ConvertFlags& flags, ConvertSpec& spec) {
  uint64_t seed = 0;
  if (flags.shuffle_seed.empty()) return absl::OkStatus();
  if (!absl::SimpleAtoi(flags.shuffle_seed, &seed))
    return FlagError("--shuffle-seed",
                     absl::StrCat(Printable(flags.shuffle_seed), " is not a number from 0 to 2^64-1"));
  spec.set_shuffle_seed(seed);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSmallFile(absl::string_view flag, const std::string& name, const std::string& folder) {
  std::ifstream file(AbsolutePath(name, folder), std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return FlagError(flag, absl::StrCat("cannot read ", Printable(name), ", or it is empty"));
  return text.str();
}

absl::Status SetSchema(const ConvertFlags& flags, const std::string& folder, ConvertSpec& spec) {
  if (flags.schema_file.empty()) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile("--schema", flags.schema_file, folder));
  MILLRACE_ASSIGN_OR_RETURN(const auto columns, ParseSchema(text, flags.schema_file));
  spec.mutable_columns()->Add(columns.begin(), columns.end());
  if (flags.multi_label && LabelFeatureOf(spec).empty())
    return FlagError("--multi-label", "the schema has no string_label");
  return absl::OkStatus();
}

absl::Status SetVocabulary(const ConvertFlags& flags, const std::string& folder, ConvertSpec& spec) {
  if (flags.vocab_file.empty()) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile("--vocab-file", flags.vocab_file, folder));
  MILLRACE_ASSIGN_OR_RETURN(const auto labels, ParseVocabulary(text, flags.vocab_file));
  spec.set_fixed_vocabulary(true);
  for (const std::string& label : labels) spec.add_vocabulary(label);
  return absl::OkStatus();
}

// The words were checked by the command line; a caller that makes flags itself gets the same answer.
template <typename Enum, size_t N>
absl::Status SetOption(absl::string_view flag, absl::string_view word, const OptionWord<Enum> (&words)[N],
                       Enum& value) {
  const auto found = FindOption(words, word);
  if (!found.has_value())
    return FlagError(flag, absl::StrCat(Printable(word), " is none of ", absl::StrJoin(WordsOf(words), ", ")));
  value = *found;
  return absl::OkStatus();
}

absl::Status SetEncoding(const ConvertFlags& flags, ConvertSpec& spec) {
  Payload payload = PAYLOAD_RAW_BASE64;
  Compression compression = COMPRESSION_GZIP;
  GzipLevel gzip_level = GZIP_LEVEL_FAST;
  Validation validation = VALIDATE_STRUCTURE;
  MILLRACE_RETURN_IF_ERROR(SetOption("--payload", flags.payload, kPayloadWords, payload));
  // JPEG and PNG files are compressed in themselves: gzip would cost two thirds of the speed to save two per cent.
  const bool file = payload == PAYLOAD_JPEG || payload == PAYLOAD_PNG;
  const absl::string_view word = !flags.compression.empty() ? absl::string_view(flags.compression)
                                 : file                     ? "none"
                                                            : "gzip";
  MILLRACE_RETURN_IF_ERROR(SetOption("--compression", word, kCompressionWords, compression));
  MILLRACE_RETURN_IF_ERROR(SetOption("--gzip-level", flags.gzip_level, kGzipLevelWords, gzip_level));
  if (!flags.validate.empty()) {
    MILLRACE_RETURN_IF_ERROR(SetOption("--validate", flags.validate, kValidationWords, validation));
    if (payload != PAYLOAD_JPEG) return FlagError("--validate", "is for --payload jpeg; all others decode every image");
  }
  if (flags.jpeg_quality != 0 && payload != PAYLOAD_JPEG) return FlagError("--jpeg-quality", "is for --payload jpeg");
  spec.set_payload(payload);
  spec.set_compression(compression);
  spec.set_gzip_level(gzip_level);
  spec.set_validation(validation);
  spec.set_jpeg_quality(flags.jpeg_quality);
  return absl::OkStatus();
}

absl::StatusOr<int32_t> ParseSide(absl::string_view text) {
  int32_t side = 0;
  if (!absl::SimpleAtoi(text, &side) || side < 1 || side > 65500)
    return FlagError("--resize", absl::StrCat(Printable(text), " is not a number of pixels from 1 to 65500"));
  return side;
}

absl::Status SetPictures(const ConvertFlags& flags, ConvertSpec& spec) {
  ColorMode color = COLOR_KEEP;
  ExifMode exif = EXIF_IGNORE;
  ResizeMode mode = RESIZE_STRETCH;
  MILLRACE_RETURN_IF_ERROR(SetOption("--color", flags.color, kColorWords, color));
  MILLRACE_RETURN_IF_ERROR(SetOption("--exif", flags.exif, kExifWords, exif));
  spec.set_color(color);
  spec.set_exif(exif);
  if (!flags.resize_mode.empty()) {
    MILLRACE_RETURN_IF_ERROR(SetOption("--resize-mode", flags.resize_mode, kResizeWords, mode));
    if (flags.resize.empty()) return FlagError("--resize-mode", "needs a size: --resize WIDTHxHEIGHT");
  }
  if (flags.resize.empty()) return absl::OkStatus();
  const std::vector<absl::string_view> sides = absl::StrSplit(flags.resize, 'x');
  if (sides.size() != 2) return FlagError("--resize", absl::StrCat(Printable(flags.resize), " is not like 224x224"));
  MILLRACE_ASSIGN_OR_RETURN(const int32_t width, ParseSide(sides[0]));
  MILLRACE_ASSIGN_OR_RETURN(const int32_t height, ParseSide(sides[1]));
  spec.mutable_resize()->set_width(width);
  spec.mutable_resize()->set_height(height);
  spec.mutable_resize()->set_mode(mode);
  return absl::OkStatus();
}

absl::Status SetInput(const ConvertFlags& flags, const std::string& folder, ConvertSpec& spec) {
  spec.set_input_format(FindOption(kInputFormatWords, flags.input_format).value_or(INPUT_AUTO));
  spec.set_header(flags.header);
  spec.set_multi_label(flags.multi_label);
  return SetSchema(flags, folder, spec);
}

std::string CanonicalBytes(const JobSpec& spec) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  spec.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

absl::Status ParseMaxBadRows(absl::string_view text, ConvertSpec& spec) {
  int64_t rows = 0;
  double percent = 0;
  if (absl::ConsumeSuffix(&text, "%")) {
    if (!absl::SimpleAtod(text, &percent) || !std::isfinite(percent) || percent < 0 || percent > 100)
      return FlagError("--max-bad-rows", absl::StrCat(Printable(text), "% is not between 0% and 100%"));
  } else if (!absl::SimpleAtoi(text, &rows) || rows < 0) {
    return FlagError("--max-bad-rows",
                     absl::StrCat(Printable(text), " is neither a number of rows nor a percentage like 5%"));
  }
  // The job fails above *both*: the one that was not given must not protect it.
  spec.set_max_bad_rows(rows);
  spec.set_max_bad_fraction(percent / 100);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ParseVocabulary(absl::string_view text, absl::string_view name) {
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  absl::ConsumeSuffix(&text, "\n");
  std::vector<std::string> labels;
  absl::flat_hash_map<std::string, size_t> line_of;
  for (absl::string_view label : absl::StrSplit(text, '\n')) {
    absl::ConsumeSuffix(&label, "\r");
    const size_t line = labels.size() + 1;
    const std::string where = absl::StrCat("--vocab-file: ", Printable(name), ":", line, ": ");
    if (label.empty()) return absl::InvalidArgumentError(absl::StrCat(where, "empty label"));
    const auto [first, added] = line_of.emplace(label, line);
    if (!added)
      return absl::InvalidArgumentError(
          absl::StrCat(where, "label ", Printable(label), " is there twice, first on line ", first->second));
    labels.emplace_back(label);
  }
  return labels;
}

absl::Status SetPlace(const ConvertFlags& flags, const std::string& current_folder, ConvertSpec& spec) {
  MILLRACE_RETURN_IF_ERROR(SetOutput(flags, current_folder, spec));
  MILLRACE_RETURN_IF_ERROR(SetShards(flags, spec));
  spec.set_overwrite(flags.overwrite);
  return absl::OkStatus();
}

absl::StatusOr<JobSpec> MakeConvertSpec(const ConvertFlags& flags, const ResolvedInputs& inputs,
                                        const std::string& current_folder) {
  JobSpec job;
  ConvertSpec& spec = *job.mutable_convert();
  for (const std::string& pattern : inputs.patterns) spec.add_inputs(pattern);
  spec.set_uri_base(inputs.uri_base);
  spec.set_input_fingerprint(inputs.fingerprint);
  MILLRACE_RETURN_IF_ERROR(SetPlace(flags, current_folder, spec));
  MILLRACE_RETURN_IF_ERROR(SetInput(flags, current_folder, spec));
  MILLRACE_RETURN_IF_ERROR(SetEncoding(flags, spec));
  MILLRACE_RETURN_IF_ERROR(SetPictures(flags, spec));
  MILLRACE_RETURN_IF_ERROR(SetSeed(flags, spec));
  if (!flags.max_bad_rows.empty()) MILLRACE_RETURN_IF_ERROR(ParseMaxBadRows(flags.max_bad_rows, spec));
  spec.set_max_pixels(flags.max_pixels);
  if (!flags.max_image_memory.empty()) {
    const auto memory = ParseByteSize(flags.max_image_memory);
    if (!memory.ok()) return Annotate(memory.status(), "--max-image-memory");
    if (*memory < kMiB) return FlagError("--max-image-memory", "must be at least 1MiB");
    spec.set_max_image_memory_bytes(*memory);
  }
  MILLRACE_RETURN_IF_ERROR(SetVocabulary(flags, current_folder, spec));
  return job;
}

std::string JobIdFor(const ConvertFlags& flags, const JobSpec& spec) {
  if (!flags.job_id.empty()) return flags.job_id;
  if (flags.overwrite) return RandomHex(4);
  return ToHex(Xxh3Of(CanonicalBytes(spec))).substr(0, 8);
}

}  // namespace millrace::cli
