#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ListImages, MakesTheCsvOfAFolder) {
  Cli cli;
  for (const char* name : {"photos/train/dog/2.jpg", "photos/train/dog/1, \"b\".jpg", "photos/test/cat/1.jpg",
                           "photos/train/dog/notes.txt"})
    cli.Write(name, "");
  ASSERT_EQ(cli.Run("datasets list-images photos --output photos.csv"), 0) << cli.err();
  EXPECT_EQ(TextOf(cli.Path("photos.csv")),
            "split,image_uri,label\n"
            "test,photos/test/cat/1.jpg,cat\n"
            "train,\"photos/train/dog/1, \"\"b\"\".jpg\",dog\n"
            "train,photos/train/dog/2.jpg,dog\n");
  EXPECT_EQ(cli.out(), "3 pictures listed in photos.csv\n");
  EXPECT_THAT(cli.err(), HasSubstr("warning: 1 entries of photos/"));
}

TEST(ListImages, UrisLeadToThePicturesFromWhereTheCsvLies) {
  Cli cli;
  cli.Write("photos/cat/1.jpg", "");
  cli.Write("lists/x", "");
  ASSERT_EQ(cli.Run("datasets list-images photos --output lists/photos.csv"), 0) << cli.err();
  EXPECT_THAT(TextOf(cli.Path("lists/photos.csv")),
              HasSubstr(absl::StrCat("\n,", cli.Path("photos/cat/1.jpg"), ",cat")));
  ASSERT_EQ(cli.Run("datasets list-images photos --output photos/here.csv"), 0) << cli.err();
  EXPECT_THAT(TextOf(cli.Path("photos/here.csv")), HasSubstr("\n,cat/1.jpg,cat"));
}

TEST(ListImages, OrToStandardOutput) {
  Cli cli;
  cli.Write("photos/cat/1.jpg", "");
  ASSERT_EQ(cli.Run("datasets list-images photos --output -"), 0) << cli.err();
  EXPECT_EQ(cli.out(), "split,image_uri,label\n,photos/cat/1.jpg,cat\n");
}

TEST(ListImages, AFolderWithoutPicturesLeavesNoCsvBehind) {
  Cli cli;
  cli.Write("photos/readme", "");
  EXPECT_NE(cli.Run("datasets list-images photos --output photos.csv"), 0);
  EXPECT_THAT(cli.err(), HasSubstr("no picture was found"));
  EXPECT_FALSE(std::filesystem::exists(cli.Path("photos.csv")));
  EXPECT_FALSE(std::filesystem::exists(cli.Path("photos.csv.part")));
}

}  // namespace
}  // namespace millrace::cli
