// Where images lie in each block.
#include "common/deflate/stretches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {

bool operator==(const Stretch& a, const Stretch& b) { return a.begin == b.begin && a.end == b.end && a.row == b.row; }

namespace {

using testing::ElementsAre;

TEST(StretchesTest, AStreamWithoutImagesIsOneStretchABlock) {
  Stretches stretches(kTextGroup);
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 100, 0}));
  EXPECT_THAT(stretches.Next(50), ElementsAre(Stretch{0, 50, 0}));
  EXPECT_THAT(stretches.Next(0), ElementsAre());
}

TEST(StretchesTest, ImagesLieBetweenHeadsAndTails) {
  Stretches stretches(kTextGroup);
  stretches.BeginImage(10, 40, 400);
  stretches.BeginImage(430, 80, 160);
  EXPECT_THAT(stretches.Next(600), ElementsAre(Stretch{0, 10, 0}, Stretch{10, 410, 40}, Stretch{410, 430, 0},
                                               Stretch{430, 590, 80}, Stretch{590, 600, 0}));
}

TEST(StretchesTest, AnImageGoesOnInTheNextBlocksAtItsOwnGroups) {
  Stretches stretches(kTextGroup);
  stretches.BeginImage(7, 40, 250);
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 7, 0}, Stretch{7, 100, 40}));
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 3, 0}, Stretch{3, 100, 40})) << "a group begins at 7 + 96";
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 3, 0}, Stretch{3, 57, 40}, Stretch{57, 100, 0}));
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 100, 0}));
}

TEST(StretchesTest, ABlockThatBeginsWithAGroupHasNoRestBeforeIt) {
  Stretches stretches(kTextGroup);
  stretches.BeginImage(0, 40, 1000);
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 100, 40}));
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 100, 40}));
}

TEST(StretchesTest, RawPixelsHaveThreeBytes) {
  Stretches stretches(kRawGroup);
  stretches.BeginImage(7, 3, 250);
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 7, 0}, Stretch{7, 100, 3}));
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 100, 3})) << "a pixel begins at 7 + 93";
  EXPECT_THAT(stretches.Next(100), ElementsAre(Stretch{0, 2, 0}, Stretch{2, 57, 3}, Stretch{57, 100, 0}));
}

TEST(StretchesTest, RowsThatDeflateCannotReachAreNone) {
  Stretches stretches(kTextGroup);
  stretches.BeginImage(0, 32768, 100);
  EXPECT_THAT(stretches.Next(50), ElementsAre(Stretch{0, 50, 32768}));
  stretches.BeginImage(50, 32769, 100);
  EXPECT_THAT(stretches.Next(50), ElementsAre(Stretch{0, 50, 0}));
  stretches.BeginImage(100, 3, 100);
  EXPECT_THAT(stretches.Next(50), ElementsAre(Stretch{0, 50, 0}));
  stretches.BeginImage(150, -40, 100);
  EXPECT_THAT(stretches.Next(50), ElementsAre(Stretch{0, 50, 0}));
}

TEST(StretchesTest, AWrongHintIsCutByTheNext) {
  Stretches stretches(kTextGroup);
  stretches.BeginImage(0, 40, 1 << 30);
  stretches.BeginImage(20, 80, -5);
  stretches.BeginImage(50, 60, 10);
  stretches.BeginImage(50, 44, 10);
  EXPECT_THAT(stretches.Next(100),
              ElementsAre(Stretch{0, 20, 40}, Stretch{20, 50, 0}, Stretch{50, 60, 44}, Stretch{60, 100, 0}));
}

}  // namespace
}  // namespace millrace
