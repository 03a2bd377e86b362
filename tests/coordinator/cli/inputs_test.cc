#include "coordinator/cli/inputs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/coordinator/cli/cli_fixture.h"
#include "tests/support/fault_server.h"

namespace millrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<ResolvedInputs> Resolve(Cli& cli, std::vector<std::string> words, bool must_exist = true) {
  return ResolveInputs(words, must_exist, cli.Path("stdin"), cli.environment);
}

std::string ErrorOf(const absl::StatusOr<ResolvedInputs>& inputs) { return std::string(inputs.status().message()); }

TEST(Inputs, AreMadeAbsoluteAndKeepTheirOrder) {
  Cli cli;
  cli.Write("sub/b.csv", "x");
  const auto inputs = Resolve(cli, {"./sub/../a.csv,sub/b.csv", "file://" + cli.Path("a.csv")});
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_THAT(inputs->patterns, ElementsAre(cli.Path("a.csv"), cli.Path("sub/b.csv"), cli.Path("a.csv")));
  EXPECT_EQ(inputs->files.size(), 3u);
  EXPECT_EQ(inputs->uri_base, "") << "relative images lie beside their CSV";
}

TEST(Inputs, AFileWithACommaInItsNameIsThatFile) {
  Cli cli;
  cli.Write("a,b.csv", "x");
  EXPECT_THAT(Resolve(cli, {"a,b.csv"})->patterns, ElementsAre(cli.Path("a,b.csv")));
}

TEST(Inputs, PatternsStayPatternsAndAreLookedAt) {
  Cli cli;
  cli.Write("parts/2.csv", "x");
  cli.Write("parts/1.csv", "xy");
  const auto inputs = Resolve(cli, {"parts/*.csv"});
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_THAT(inputs->patterns, ElementsAre(cli.Path("parts/*.csv")));
  ASSERT_EQ(inputs->files.size(), 2u);
  EXPECT_EQ(inputs->files[0].path, cli.Path("parts/1.csv"));
  EXPECT_EQ(inputs->files[0].size, 2);
}

TEST(Inputs, BracketsOfTheCurrentFolderAreNoPattern) {
  Cli cli;
  cli.Write("run [1]/p1.csv", "x");
  cli.environment.current_folder = cli.Path("run [1]");
  const auto inputs = Resolve(cli, {"p*.csv"});
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  ASSERT_EQ(inputs->files.size(), 1u);
  EXPECT_EQ(inputs->files[0].path, cli.Path("run [1]/p1.csv"));
}

TEST(Inputs, WhatCannotBeReadIsNamed) {
  Cli cli;
  ASSERT_EQ(mkfifo(cli.Path("pipe").c_str(), 0600), 0);
  cli.Write("folder/x", "");
  EXPECT_EQ(ErrorOf(Resolve(cli, {"gone.csv"})), "--input: gone.csv does not exist");
  EXPECT_EQ(ErrorOf(Resolve(cli, {"*.tsv"})), "--input: *.tsv matches no file");
  EXPECT_THAT(ErrorOf(Resolve(cli, {"folder"})), HasSubstr("no picture was found"));
  EXPECT_THAT(ErrorOf(Resolve(cli, {"pipe"})), HasSubstr("pipe it in with --input -"));
  EXPECT_THAT(ErrorOf(Resolve(cli, {","})), HasSubstr("no file is named"));
  EXPECT_THAT(ErrorOf(Resolve(cli, {"a.csv", "-"})), HasSubstr("cannot be mixed"));
}

TEST(Inputs, AFolderIsKnownByItsPictures) {
  Cli cli;
  cli.Write("photos/cat/1.jpg", "");
  const auto one = Resolve(cli, {"photos"}), again = Resolve(cli, {"photos/"});
  ASSERT_TRUE(one.ok() && again.ok()) << one.status() << again.status();
  EXPECT_EQ(one->files[0].path, cli.Path("photos") + "/");
  EXPECT_EQ(one->files[0].size, 1);
  EXPECT_EQ(one->fingerprint, again->fingerprint);
  cli.Write("photos/cat/2.jpg", "");
  EXPECT_NE(Resolve(cli, {"photos"})->fingerprint, one->fingerprint);
}

TEST(Inputs, OfOtherMachinesNeedNotExistHere) {
  Cli cli;
  const auto inputs = Resolve(cli, {"/only/there.csv", "a.csv"}, /*must_exist=*/false);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ(inputs->patterns.size(), 2u);
  EXPECT_EQ(inputs->files.size(), 1u);
}

TEST(Fingerprint, ChangesWithTheInput) {
  Cli cli;
  const std::string before = Resolve(cli, {"a.csv"})->fingerprint;
  EXPECT_EQ(Resolve(cli, {"a.csv"})->fingerprint, before);
  cli.Write("a.csv", "another\n");
  EXPECT_NE(Resolve(cli, {"a.csv"})->fingerprint, before);
  timespec times[2] = {{1, 0}, {1, 1}};  // the same size, another time
  const std::string edited = Resolve(cli, {"a.csv"})->fingerprint;
  ASSERT_EQ(utimensat(AT_FDCWD, cli.Path("a.csv").c_str(), times, 0), 0);
  EXPECT_NE(Resolve(cli, {"a.csv"})->fingerprint, edited);
}

TEST(StandardInput, BecomesAFileNamedByItsContent) {
  Cli cli;
  cli.Pipe("image_uri\na.jpg\n");
  const auto first = Resolve(cli, {"-"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->patterns, ElementsAre(first->spooled));
  EXPECT_EQ(first->uri_base, cli.Path("").substr(0, cli.Path("").size() - 1));
  std::stringstream text;
  text << std::ifstream(first->spooled).rdbuf();
  EXPECT_EQ(text.str(), "image_uri\na.jpg\n");
  cli.Pipe("image_uri\na.jpg\n");
  const auto again = Resolve(cli, {"-"});
  EXPECT_EQ(again->spooled, first->spooled);
  EXPECT_EQ(again->fingerprint, first->fingerprint) << "the same bytes are the same job";
  cli.Pipe("image_uri\nb.jpg\n");
  EXPECT_NE(Resolve(cli, {"-"})->spooled, first->spooled);
}

TEST(StandardInput, KnowsGzipByItsFirstBytes) {
  Cli cli;
  cli.Pipe("\x1f\x8b...");
  EXPECT_THAT(Resolve(cli, {"-"})->spooled, testing::EndsWith(".csv.gz"));
  cli.Pipe("");
  EXPECT_THAT(Resolve(cli, {"-"})->spooled, testing::EndsWith(".csv")) << "empty: the job says so";
}

TEST(ListOnTheNetwork, BecomesAFileNamedByItsContent) {
  Cli cli;
  std::string text = "image_uri\na.jpg\n";
  FaultServer server([&](const FaultServer::Request& request) -> FaultServer::Reply {
    if (request.path == "/missing.csv?sig=canary") return {.status = 404};
    return {.body = text};
  });
  const auto resolve = [&](absl::string_view path, HttpOptions http = {.allow = {"127.0.0.1"}}) {
    return ResolveInputs({server.Uri(path)}, true, cli.Path("stdin"), cli.environment, http);
  };
  const auto first = resolve("/lists/images.csv?sig=a,b/c");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(first->patterns, ElementsAre(first->spooled));
  EXPECT_EQ(first->uri_base, server.Uri("/lists")) << "relative images lie beside their list";
  std::stringstream kept;
  kept << std::ifstream(first->spooled).rdbuf();
  EXPECT_EQ(kept.str(), text);
  EXPECT_EQ(resolve("/lists/images.csv?sig=other")->fingerprint, first->fingerprint)
      << "the same bytes are the same job";
  EXPECT_THAT(resolve("/lists/images.jsonl.gz")->spooled, testing::EndsWith(".jsonl"));
  EXPECT_THAT(resolve("/lists/images")->spooled, testing::EndsWith(".csv"));
  text = "image_uri\nb.jpg\n";
  EXPECT_NE(resolve("/lists/images.csv")->fingerprint, first->fingerprint);
  EXPECT_EQ(ErrorOf(resolve("/missing.csv?sig=canary")),
            server.Uri("/missing.csv?***: http/404 (the server answered 404)"));
  EXPECT_THAT(ErrorOf(resolve("/a.csv", {})), HasSubstr("127.0.0.1 is a loopback address"));
  EXPECT_THAT(ErrorOf(Resolve(cli, {"a.csv", server.Uri("/a.csv")})), HasSubstr("cannot be mixed"));
}

}  // namespace
}  // namespace millrace::cli
