#include "coordinator/engine/service/spec_check.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/coordinator/engine/engine_story.h"

namespace millrace {
namespace {

std::string WhyNot(const std::function<void(ConvertSpec&)>& change) {
  JobSpec spec;
  spec.mutable_convert()->add_inputs("/data/images.csv");
  spec.mutable_convert()->set_output("/out");
  change(*spec.mutable_convert());
  const absl::Status status = CheckSpec(spec);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
  return std::string(status.message());
}

TEST(SpecCheck, TakesWhatCanBeDone) {
  EXPECT_EQ(WhyNot([](ConvertSpec&) {}), "");
  EXPECT_EQ(WhyNot([](ConvertSpec& spec) { spec.set_inputs(0, "file:///data/*.csv"); }), "");
}

TEST(SpecCheck, NamesWhatIsWrong) {
  using testing::HasSubstr;
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.clear_inputs(); }), HasSubstr("no input"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_inputs(0, "images.csv"); }),
              HasSubstr("'images.csv' is not an absolute"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_output(""); }), HasSubstr("output folder is empty"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_output("//"); }), HasSubstr("folder of its own"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_output(std::string("/a\0b", 4)); }), HasSubstr("NUL"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_num_shards(-1); }), HasSubstr("num_shards is -1"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_num_shards(10'000'000); }), HasSubstr("at most 1000000"));
  EXPECT_THAT(WhyNot([](ConvertSpec& s) { s.set_max_bad_fraction(1.5); }), HasSubstr("0 to 1"));
}

TEST(SpecCheck, JobIdsAreFileNames) {
  EXPECT_TRUE(CheckJobId("3f2a").ok());
  EXPECT_TRUE(CheckJobId(std::string(64, 'x')).ok());
  for (const std::string& id :
       {std::string(), std::string(65, 'x'), std::string(".."), std::string("a/b"), std::string("ä")})
    EXPECT_TRUE(absl::IsInvalidArgument(CheckJobId(id))) << id;
}

}  // namespace
}  // namespace millrace
