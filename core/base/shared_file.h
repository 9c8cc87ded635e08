// A file of a fixed size that every process of the host which opens it maps and shares. What is in
// it outlives each of them: a worker that is killed takes no count along.
//
// Thread-safe as far as whoever uses the words is: they are changed by atomic operations only
// (std::atomic_ref), and nothing in here waits.
#pragma once

#include "core/base/descriptor.h"
#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <utility>

namespace core {

class SharedFile {
  public:
    // Opens `path`, or makes it: mode 0600, `words` words of zero, all of them reserved at once, so
    // that a full file system is an error here and no SIGBUS later. Any number of processes may do
    // so at the same time. One that was laid there with mode 0660 is shared with the users of its
    // group. Errors: ConfigInvalid where it can't be made, is no file of exactly this size, belongs
    // neither to us nor to a group of ours, or everybody may open it.
    static Result<SharedFile> open(const std::filesystem::path& path, std::size_t words);

    SharedFile(SharedFile&& other) noexcept;
    SharedFile& operator=(SharedFile&& other) noexcept;
    SharedFile(const SharedFile&) = delete;
    SharedFile& operator=(const SharedFile&) = delete;
    ~SharedFile();

    // Valid as long as this object is.
    [[nodiscard]] std::span<std::uint64_t> words() const { return m_words; }

    // Marks a word as this object's, for as long as it lives: the kernel forgets the mark with the
    // process, however that ends. False where another object, of any process, holds it. A mark
    // changes nothing of what may be done with the word. Precondition: word < words().size().
    [[nodiscard]] bool hold(std::size_t word);
    // Does another object hold it?
    [[nodiscard]] bool is_held_elsewhere(std::size_t word) const;

  private:
    SharedFile(Descriptor file, std::span<std::uint64_t> words)
        : m_file(std::move(file)), m_words(words) {}

    Descriptor m_file;
    std::span<std::uint64_t> m_words;
};

}  // namespace core
