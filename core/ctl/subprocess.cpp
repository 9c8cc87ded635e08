#include "core/ctl/subprocess.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace core::ctl {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { [[maybe_unused]] const int done = std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// In memory, so that nothing has to be read while the program writes.
File scratch_file() {
    const int descriptor = ::memfd_create("secretstorectl", MFD_CLOEXEC);
    if (descriptor < 0) return nullptr;
    return File(::fdopen(descriptor, "w+"));
}

std::string content_of(std::FILE* file) {
    std::string text;
    std::rewind(file);
    std::array<char, 4096> piece{};
    for (;;) {
        const auto got = std::fread(piece.data(), 1, piece.size(), file);
        if (got == 0) return text;
        text.append(piece.data(), got);
    }
}

std::string without_line_end(std::string text) {
    while (text.ends_with('\n'))
        text.pop_back();
    return text;
}

int exit_code_of(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    return 128 + WTERMSIG(status);
}

Failure not_started(const std::string& program, int error) {
    return failure(ErrorCode::Internal,
                   "'" + program + "' can't be run: " +
                       std::error_code(error, std::generic_category()).message());
}

// 0, or an errno. The program finds its own files as its descriptors 0, 1 and 2.
int spawn(const std::vector<std::string>& arguments,
          const std::array<std::FILE*, 3>& files,
          pid_t& child) {
    std::vector<char*> argv;
    for (const auto& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: execve() changes nothing
    argv.push_back(nullptr);
    std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    std::string locale = "LC_ALL=C.UTF-8";
    std::array<char*, 3> environment{path.data(), locale.data(), nullptr};

    posix_spawn_file_actions_t actions;
    if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
    int error = 0;
    for (int target = 0; target < 3 && error == 0; ++target)
        error = ::posix_spawn_file_actions_adddup2(
            &actions, ::fileno(files.at(static_cast<std::size_t>(target))), target);
    if (error == 0)
        error = ::posix_spawnp(
            &child, argv.front(), &actions, nullptr, argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

}  // namespace

Result<Finished> run_program(const std::vector<std::string>& arguments, std::string_view input) {
    const auto in = scratch_file();
    const auto out = scratch_file();
    const auto complaints = scratch_file();
    if (!in || !out || !complaints) return not_started(arguments.front(), errno);
    // No text has no address, either, and fwrite() wants one.
    if ((!input.empty() && std::fwrite(input.data(), 1, input.size(), in.get()) != input.size()) ||
        std::fflush(in.get()) != 0)
        return not_started(arguments.front(), errno);
    std::rewind(in.get());

    pid_t child = 0;
    const int error = spawn(arguments, {in.get(), out.get(), complaints.get()}, child);
    if (error != 0) return not_started(arguments.front(), error);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return not_started(arguments.front(), errno);
    return Finished{exit_code_of(status),
                    without_line_end(content_of(out.get())),
                    without_line_end(content_of(complaints.get()))};
}

Result<std::string> output_of(const std::string& what,
                              const std::vector<std::string>& arguments,
                              std::string_view input) {
    auto finished = run_program(arguments, input);
    if (!finished) return failure(std::move(finished));
    if (!finished->succeeded())
        return failure(
            ErrorCode::ConfigInvalid,
            what + ": " + (finished->complaint.empty() ? finished->output : finished->complaint));
    return std::move(finished->output);
}

}  // namespace core::ctl
