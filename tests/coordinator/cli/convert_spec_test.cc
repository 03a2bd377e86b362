#include "coordinator/cli/convert_spec.h"

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ConvertFlags Flags() {
  ConvertFlags flags;
  flags.output = "out";
  return flags;
}

ResolvedInputs Inputs() {
  ResolvedInputs inputs;
  inputs.patterns = {"/data/a.csv"};
  inputs.fingerprint = "0123456789abcdef";
  return inputs;
}

std::string ErrorOf(const ConvertFlags& flags) {
  return std::string(MakeConvertSpec(flags, Inputs(), "/data").status().message());
}

TEST(ConvertSpec, CarriesWhatWasAskedFor) {
  ConvertFlags flags = Flags();
  flags.shard_size = "64MiB";
  flags.compression = "none";
  flags.gzip_level = "small";
  flags.shuffle_seed = "0";
  flags.max_bad_rows = "5%";
  const auto job = MakeConvertSpec(flags, Inputs(), "/data");
  ASSERT_TRUE(job.ok()) << job.status();
  const ConvertSpec& spec = job->convert();
  EXPECT_EQ(spec.output(), "/data/out");
  EXPECT_EQ(spec.header(), "infer");
  EXPECT_EQ(spec.shard_size_bytes(), 64 << 20);
  EXPECT_EQ(spec.compression(), COMPRESSION_NONE);
  EXPECT_EQ(spec.gzip_level(), GZIP_LEVEL_SMALL);
  EXPECT_TRUE(spec.has_shuffle_seed()) << "0 is a seed";
  EXPECT_EQ(spec.max_bad_fraction(), 0.05);
  EXPECT_EQ(spec.max_bad_rows(), 0) << "the limit is the percentage alone";
  EXPECT_EQ(spec.input_fingerprint(), "0123456789abcdef");
}

TEST(ConvertSpec, PicturesAreAsTFRecorderWritesThemUnlessAsked) {
  const auto job = MakeConvertSpec(Flags(), Inputs(), "/data");
  ASSERT_TRUE(job.ok()) << job.status();
  const ConvertSpec& spec = job->convert();
  EXPECT_EQ(spec.payload(), PAYLOAD_RAW_BASE64);
  EXPECT_EQ(spec.compression(), COMPRESSION_GZIP);
  EXPECT_EQ(spec.gzip_level(), GZIP_LEVEL_FAST) << "gzip all the same, only made faster";
  EXPECT_EQ(spec.color(), COLOR_KEEP);
  EXPECT_EQ(spec.exif(), EXIF_IGNORE);
  EXPECT_FALSE(spec.has_resize());
}

TEST(ConvertSpec, CarriesWhatPicturesShallBe) {
  ConvertFlags flags = Flags();
  flags.payload = "jpeg";
  flags.jpeg_quality = 80;
  flags.validate = "decode";
  flags.color = "rgb";
  flags.exif = "apply";
  flags.resize = "320x240";
  flags.resize_mode = "center_crop";
  const auto job = MakeConvertSpec(flags, Inputs(), "/data");
  ASSERT_TRUE(job.ok()) << job.status();
  const ConvertSpec& spec = job->convert();
  EXPECT_EQ(spec.payload(), PAYLOAD_JPEG);
  EXPECT_EQ(spec.jpeg_quality(), 80);
  EXPECT_EQ(spec.validation(), VALIDATE_DECODE);
  EXPECT_EQ(spec.color(), COLOR_RGB);
  EXPECT_EQ(spec.exif(), EXIF_APPLY);
  EXPECT_EQ(spec.resize().width(), 320);
  EXPECT_EQ(spec.resize().height(), 240);
  EXPECT_EQ(spec.resize().mode(), RESIZE_CENTER_CROP);
}

TEST(ConvertSpec, FilesThatAreCompressedInThemselvesGetNoGzipUnlessAsked) {
  ConvertFlags flags = Flags();
  flags.payload = "png";
  EXPECT_EQ(MakeConvertSpec(flags, Inputs(), "/data")->convert().compression(), COMPRESSION_NONE);
  flags.compression = "gzip";
  EXPECT_EQ(MakeConvertSpec(flags, Inputs(), "/data")->convert().compression(), COMPRESSION_GZIP);
}

TEST(ConvertSpec, OptionsThatDoNotGoTogetherAreRefused) {
  ConvertFlags flags = Flags();
  flags.jpeg_quality = 80;
  EXPECT_EQ(ErrorOf(flags), "--jpeg-quality: is for --payload jpeg");
  flags = Flags();
  flags.validate = "decode";
  EXPECT_THAT(ErrorOf(flags), HasSubstr("--validate: is for --payload jpeg"));
  flags = Flags();
  flags.resize_mode = "fit";
  EXPECT_THAT(ErrorOf(flags), HasSubstr("--resize-mode: needs a size"));
}

TEST(ConvertSpec, LeavesTheLimitsToTheCoordinatorByDefault) {
  const auto job = MakeConvertSpec(Flags(), Inputs(), "/data");
  EXPECT_FALSE(job->convert().has_max_bad_rows());
  EXPECT_FALSE(job->convert().has_max_bad_fraction());
  EXPECT_EQ(job->convert().shard_size_bytes(), 0);
}

TEST(ConvertSpec, BadValuesNameTheirFlag) {
  ConvertFlags flags = Flags();
  for (const char* size : {"320", "0x10", "10x0", "10x65501", "axb", "1x2x3", "-1x5"}) {
    flags.resize = size;
    EXPECT_THAT(ErrorOf(flags), HasSubstr("--resize: ")) << size;
  }
  flags.resize = "";
  flags.payload = "tiff";
  EXPECT_EQ(ErrorOf(flags), "--payload: tiff is none of raw_base64, raw, jpeg, png");
  flags.payload = "raw";
  flags.shard_size = "12 parsecs";
  EXPECT_THAT(ErrorOf(flags), HasSubstr("--shard-size: "));
  flags.shard_size = "1";
  EXPECT_EQ(ErrorOf(flags), "--shard-size: must be at least 1KiB");
  flags.shard_size = "1MiB";
  flags.num_shards = 3;
  EXPECT_EQ(ErrorOf(flags), "--shard-size: cannot be combined with --num-shards");
  flags = Flags();
  flags.output = "/";
  EXPECT_EQ(ErrorOf(flags), "--output: the root folder cannot be a dataset");
  flags = Flags();
  flags.vocab_file = "nowhere.txt";
  EXPECT_THAT(ErrorOf(flags), HasSubstr("--vocab-file: cannot read nowhere.txt"));
}

TEST(MaxBadRows, IsRowsOrAPercentage) {
  ConvertSpec spec;
  ASSERT_TRUE(ParseMaxBadRows("12", spec).ok());
  EXPECT_EQ(spec.max_bad_rows(), 12);
  EXPECT_EQ(spec.max_bad_fraction(), 0);
  for (const char* bad : {"", "-1", "x", "101%", "-1%", "%", "nan%", "1.5"})
    EXPECT_EQ(ParseMaxBadRows(bad, spec).code(), absl::StatusCode::kInvalidArgument) << bad;
  EXPECT_EQ(spec.max_bad_rows(), 12) << "a bad value changes nothing";
}

TEST(Vocabulary, IsOneLabelALine) {
  EXPECT_THAT(*ParseVocabulary("\xef\xbb\xbf"
                               "dog\r\ncat\n",
                               "v"),
              ElementsAre("dog", "cat"));
  EXPECT_THAT(*ParseVocabulary("dog\ncat", "v"), ElementsAre("dog", "cat"));
  EXPECT_THAT(*ParseVocabulary("a b, \"c\"\n", "v"), ElementsAre("a b, \"c\"")) << "nothing is quoted";
}

TEST(Vocabulary, AnEmptyOrRepeatedLabelIsNamedByLine) {
  EXPECT_EQ(ParseVocabulary("dog\n\ncat\n", "v.txt").status().message(), "--vocab-file: v.txt:2: empty label");
  EXPECT_EQ(ParseVocabulary("dog\ncat\ndog\n", "v.txt").status().message(),
            "--vocab-file: v.txt:3: label dog is there twice, first on line 1");
  EXPECT_FALSE(ParseVocabulary("", "v.txt").ok());
}

TEST(JobId, IsTheSameForTheSameCommand) {
  const JobSpec spec = *MakeConvertSpec(Flags(), Inputs(), "/data");
  const std::string id = JobIdFor(Flags(), spec);
  EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}"));
  EXPECT_EQ(JobIdFor(Flags(), spec), id);
  ConvertFlags where = Flags();  // where it runs is not what is made
  where.coordinator.address = "h:1";
  where.workers = 4;
  EXPECT_EQ(JobIdFor(where, *MakeConvertSpec(where, Inputs(), "/data")), id);
  ConvertFlags other = Flags();
  other.shuffle_seed = "7";
  EXPECT_NE(JobIdFor(other, *MakeConvertSpec(other, Inputs(), "/data")), id);
}

TEST(JobId, IsFreshWithOverwriteAndChosenWithJobId) {
  ConvertFlags flags = Flags();
  flags.overwrite = true;
  const JobSpec spec = *MakeConvertSpec(flags, Inputs(), "/data");
  EXPECT_NE(JobIdFor(flags, spec), JobIdFor(flags, spec));
  flags.job_id = "mine";
  EXPECT_EQ(JobIdFor(flags, spec), "mine");
}

}  // namespace
}  // namespace millrace::cli
