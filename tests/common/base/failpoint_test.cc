#include "common/base/failpoint.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Failpoint, FiresAtTheNamedHitOnly) {
  SetFailpoints("write/row=error@2;other=full");
  EXPECT_TRUE(Failpoint("write/row").ok());
  EXPECT_EQ(Failpoint("write/row").code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(Failpoint("write/row").ok());
  EXPECT_EQ(Failpoint("other").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Failpoint("other").code(), absl::StatusCode::kResourceExhausted);
  SetFailpoints("");
  EXPECT_TRUE(Failpoint("other").ok());
}

TEST(FailpointDeathTest, KillEndsTheProcess) {
  EXPECT_EXIT(
      {
        SetFailpoints("here=kill");
        (void)Failpoint("here");
      },
      testing::KilledBySignal(SIGKILL), "");
}

}  // namespace
}  // namespace millrace
