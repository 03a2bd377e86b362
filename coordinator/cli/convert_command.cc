// The flags of `millrace convert`.
#include <CLI/CLI.hpp>
#include <memory>

#include "common/dataset/option_words.h"
#include "coordinator/cli/convert.h"
#include "coordinator/cli/convert_spec.h"
#include "coordinator/cli/invocation.h"

namespace millrace::cli {
namespace {

CLI::Option* OneOf(CLI::Option* option, std::vector<std::string> words, const std::string& type) {
  return option->type_name(type)->check(CLI::IsMember(std::move(words)).description(""));
}

void AddInput(CLI::App& command, ConvertFlags& flags) {
  command
      .add_option("--input", flags.inputs,
                  "File, pattern, folder of pictures or - (standard input); commas or repeated for several")
      ->type_name("F[,F...]")
      ->allow_extra_args(false);
  command
      .add_option("--rows-from-job", flags.rows_from_job,
                  "Instead of --input: the rows that this finished job could not use, with its options and label ids")
      ->type_name("ID");
  OneOf(command.add_option("--rows", flags.rows,
                           "Which of them: failed (default: all), or transient (another try may read them)"),
        {"failed", "transient"}, "WORD")
      ->needs("--rows-from-job");
  command.add_option("--output", flags.output, "Folder for the dataset: new, empty, or of the same job")
      ->type_name("DIR")
      ->required();
  OneOf(command.add_option("--input-format", flags.input_format,
                           "csv, tsv, jsonl, folder or list; auto (default) goes by the name, else csv"),
        {"auto", "csv", "tsv", "jsonl", "folder", "list"}, "WORD");
  command
      .add_option("--header", flags.header, "First line of the CSV: infer (default), none, or the names of the columns")
      ->type_name("infer|none|NAMES");
  command.add_option("--schema", flags.schema_file, "YAML: the columns and their types, for features of your own")
      ->type_name("FILE");
  command.add_flag("--multi-label", flags.multi_label, "A row may have several labels: the label feature is a list");
  command.add_option("--vocab-file", flags.vocab_file, "Labels, one a line: their positions are the label ids")
      ->type_name("FILE");
  command
      .add_option("--max-bad-rows", flags.max_bad_rows,
                  "Fail when more rows than this cannot be used (default: more than 10 rows and 10%)")
      ->type_name("N|P%");
  command.add_option("--max-pixels", flags.max_pixels, "Larger images are not used (default 178956970)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{65500} * 65500).description(""));
  command
      .add_option("--max-image-memory", flags.max_image_memory,
                  "Images that need more memory to decode are not used (default 320MiB)")
      ->type_name("SIZE");
}

// What the other job has decided already. (CLI11's own excludes() would list all of them in --help.)
void CheckRowsFlags(const CLI::App& command) {
  for (const char* name : {"--input", "--header", "--vocab-file", "--max-pixels", "--max-image-memory", "--compression",
                           "--gzip-level", "--shuffle-seed", "--payload", "--jpeg-quality", "--validate", "--resize",
                           "--resize-mode", "--exif", "--color", "--dry-run"})
    if (command.count(name) > 0) throw CLI::ExcludesError("--rows-from-job", name);
}

void AddShape(CLI::App& command, ConvertFlags& flags) {
  command.add_option("--num-shards", flags.num_shards, "Files a split")
      ->type_name("N")
      ->check(CLI::Range(1, 99999).description(""));
  command.add_option("--shard-size", flags.shard_size, "Aim for files of this size (default 128MiB)")
      ->type_name("SIZE");
  OneOf(command.add_option("--compression", flags.compression,
                           "gzip (default) or none (default for the payloads jpeg and png)"),
        WordsOf(kCompressionWords), "WORD");
  OneOf(command.add_option("--gzip-level", flags.gzip_level,
                           "fast (default, made for pixels), balanced or small (slowest)"),
        WordsOf(kGzipLevelWords), "WORD");
  command
      .add_option("--shuffle-seed", flags.shuffle_seed, "Mix the rows over the shards, the same way for the same seed")
      ->type_name("S");
  command.add_flag("--overwrite", flags.overwrite, "Replace an older Millrace dataset in DIR, and start afresh");
}

void AddPictures(CLI::App& command, ConvertFlags& flags) {
  OneOf(
      command.add_option("--payload", flags.payload,
                         "What a record holds: raw_base64 (default, as TFRecorder), raw pixels, a jpeg or a png file"),
      WordsOf(kPayloadWords), "WORD");
  command
      .add_option("--jpeg-quality", flags.jpeg_quality,
                  "Of images that must be encoded anew with --payload jpeg (default 95)")
      ->type_name("Q")
      ->check(CLI::Range(1, 100).description(""));
  OneOf(command.add_option("--validate", flags.validate,
                           "How a JPEG that is passed through is checked: structure (default) or decode"),
        WordsOf(kValidationWords), "WORD");
  command.add_option("--resize", flags.resize, "Bring every image to this size")->type_name("WxH");
  OneOf(command.add_option("--resize-mode", flags.resize_mode,
                           "stretch (default), fit (keep the shape, inside WxH) or center_crop (fill WxH)"),
        WordsOf(kResizeWords), "WORD");
  OneOf(command.add_option("--exif", flags.exif, "The orientation in a photograph: ignore (default) or apply"),
        WordsOf(kExifWords), "WORD");
  OneOf(command.add_option("--color", flags.color, "keep (default: gray stays one channel) or rgb"),
        WordsOf(kColorWords), "WORD");
}

void AddPlace(CLI::App& command, ConvertFlags& flags) {
  AddCoordinator(command, flags.coordinator.address);
  command.add_flag("--local", flags.coordinator.local, "Run inside this process even if a coordinator is running");
  command.add_option("--workers", flags.workers, "Workers inside this process (default 1; one uses all cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""));
  command.add_option("--threads", flags.threads, "Cores for a run inside this process (default: all)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024).description(""));
  command.add_option("--memory-budget", flags.memory_budget, "Memory for a run inside this process (default 512MiB)")
      ->type_name("SIZE");
  command.add_option("--file-root", flags.file_roots, "Read images only below this folder; may be repeated")
      ->type_name("DIR")
      ->allow_extra_args(false);
  flags.fetch.AddTo(command);
  command.add_option("--job-id", flags.job_id, "Name of the job (default: from its inputs and options)")
      ->type_name("ID");
  command.add_flag("--detach", flags.detach, "Print the job's id and return; the coordinator goes on");
}

void AddTelling(CLI::App& command, ConvertFlags& flags) {
  command.add_flag("--dry-run", flags.dry_run, "Check inputs and output, say what would be done, write nothing");
  OneOf(command.add_option("--progress", flags.progress, "auto (default), plain, json or none; on stderr"),
        {"auto", "plain", "json", "none"}, "WORD");
  AddFormat(command, flags.format);
}

}  // namespace

void AddConvert(CLI::App& app, Invocation& invocation) {
  const auto flags = std::make_shared<ConvertFlags>();
  CLI::App& command = *app.add_subcommand("convert", "Turn tables or folders of images and labels into TFRecord files");
  AddInput(command, *flags);
  AddShape(command, *flags);
  AddPictures(command, *flags);
  AddPlace(command, *flags);
  AddTelling(command, *flags);
  AddExamples(command,
              "millrace convert --input images.csv --output dataset\n"
              "millrace convert --input 'parts/*.csv' --output dataset --num-shards 16 --shuffle-seed 7\n"
              "millrace convert --input photos/ --output dataset        (photos/<label>/<file>)\n"
              "zcat images.csv.gz | millrace convert --input - --output dataset\n"
              "millrace convert --rows-from-job 3f2a9c01 --rows failed --output dataset-more\n"
              "millrace convert --input images.csv --output /shared/dataset --coordinator gpu1:7070 --detach\n"
              "The same command again continues what was interrupted, or says that all is up to date.");
  command.callback([&invocation, &command, flags] {
    if (flags->inputs.empty() && flags->rows_from_job.empty()) throw CLI::RequiredError("--input");
    if (!flags->rows_from_job.empty()) CheckRowsFlags(command);
    invocation.run = [&invocation, flags] { return RunConvert(*flags, invocation.environment); };
  });
}

}  // namespace millrace::cli
