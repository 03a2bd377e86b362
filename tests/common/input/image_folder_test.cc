#include <gmock/gmock.h>

#include "tests/common/input/input_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ImageFolder, LabelsAreFoldersAndTheOrderIsThatOfTheNames) {
  InputWorld world;
  for (const char* name : {"dog/2.jpg", "dog/10.jpg", "cat/b.PNG", "cat/a.webp", "dog/c.bmp", "Zebra, grey/d.jpeg"})
    world.Write(name, "");
  const auto folder = OpenImageFolder(world.folder()).value();
  EXPECT_THAT(InputWorld::Rows(*folder),
              ElementsAre("1 |Zebra, grey/d.jpeg|Zebra, grey", "2 |cat/a.webp|cat", "3 |cat/b.PNG|cat",
                          "4 |dog/10.jpg|dog", "5 |dog/2.jpg|dog", "6 |dog/c.bmp|dog"));
  EXPECT_THAT(folder->Warnings(), IsEmpty());
  EXPECT_EQ(folder->Description(), "folder, <label>/<file>");
}

TEST(ImageFolder, SplitsAreFoldersAboveTheLabels) {
  InputWorld world;
  for (const char* name : {"train/dog/1.jpg", "train/cat/1.jpg", "Validation/dog/2.jpg", "test/dog/3.jpg"})
    world.Write(name, "");
  EXPECT_THAT(InputWorld::Rows(*OpenImageFolder(world.folder() + "/").value()),
              ElementsAre("1 Validation|Validation/dog/2.jpg|dog", "2 test|test/dog/3.jpg|dog",
                          "3 train|train/cat/1.jpg|cat", "4 train|train/dog/1.jpg|dog"));
}

TEST(ImageFolder, WhatIsNoPictureIsCountedAndHiddenNamesAreNot) {
  InputWorld world;
  for (const char* name : {"cat/1.jpg", "README.md", "cat/notes.txt", "cat/deep/2.jpg", "empty/x.gif", ".DS_Store",
                           ".git/config.jpg", "cat/.hidden.jpg"})
    world.Write(name, "");
  const auto folder = OpenImageFolder(world.folder()).value();
  EXPECT_THAT(InputWorld::Rows(*folder), ElementsAre("1 |cat/1.jpg|cat"));
  EXPECT_THAT(folder->Warnings(), ElementsAre(testing::AllOf(HasSubstr("4 entries"), HasSubstr("first is README.md"))));
}

TEST(ImageFolder, WithoutAnAnswerItAsks) {
  InputWorld world;
  world.Write("loose.jpg", "");
  EXPECT_THAT(OpenImageFolder(world.folder()).status().message(), HasSubstr("no picture was found as <label>/<file>"));
  world.Write("train/cat/1.jpg", "");
  world.Write("zoo/1.jpg", "");
  EXPECT_THAT(OpenImageFolder(world.folder()).status().message(), HasSubstr("'train' is a split, 'zoo' is none"));
  EXPECT_TRUE(absl::IsNotFound(OpenImageFolder(world.folder() + "/gone").status()));
}

TEST(ImageFolder, ALabelWithALineBreakIsABadRow) {
  InputWorld world;
  world.Write("a\nb/1.jpg", "");
  EXPECT_THAT(InputWorld::Rows(*OpenImageFolder(world.folder()).value()), ElementsAre("1 row/label_line_break"));
}

}  // namespace
}  // namespace millrace
