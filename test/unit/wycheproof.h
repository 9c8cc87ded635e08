// Reads the files of test/vectors/wycheproof and counts what a test made of them.
#pragma once

#include "core/base/bytes.h"
#include "core/base/json.h"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wycheproof {

// The members of a file that nobody may leave out: a vector without one ends the run.
inline core::JsonValue member(const core::JsonValue& object, std::string_view name) {
    const auto found = object.find(name);
    if (!found) {
        std::cerr << "wycheproof: a member is missing: " << name << '\n';
        std::abort();
    }
    return *found;
}

inline std::string text(const core::JsonValue& object, std::string_view name) {
    return std::string(member(object, name).string());
}

inline core::Bytes bytes(const core::JsonValue& object, std::string_view name) {
    const auto out = core::from_hex(text(object, name));
    if (!out) {
        std::cerr << "wycheproof: not hexadecimal: " << name << '\n';
        std::abort();
    }
    return *out;
}

// One file. Groups and vectors are views into it.
class VectorFile {
  public:
    explicit VectorFile(const std::string& name) : m_document(load(name)) {}

    [[nodiscard]] std::vector<core::JsonValue> groups() const {
        return member(m_document.root(), "testGroups").elements();
    }
    // What the file says of itself.
    [[nodiscard]] std::int64_t number_of_tests() const {
        return member(m_document.root(), "numberOfTests").integer();
    }

  private:
    static core::JsonDocument load(const std::string& name) {
        std::ifstream file(SECRETSTORE_TEST_VECTORS "/wycheproof/" + name + ".json",
                           std::ios::binary);
        const std::string content{std::istreambuf_iterator<char>(file), {}};
        auto document = core::JsonDocument::parse(core::Body::copy_of(content));
        if (!document) {
            std::cerr << "wycheproof: " << name << " can't be read\n";
            std::abort();
        }
        return std::move(*document);
    }

    core::JsonDocument m_document;
};

// "acceptable" leaves the choice to the implementer. In our files it is RSA without the NULL of
// RFC 8017 §9.2, and our choice is to refuse: a message has one signature.
inline bool is_to_be_taken(const core::JsonValue& vector) {
    return text(vector, "result") == "valid";
}

struct Count {
    int taken = 0;
    int refused = 0;
    int skipped = 0;  // the rule stands with the test
    void add(bool is_taken) { ++(is_taken ? taken : refused); }
    [[nodiscard]] int all() const { return taken + refused + skipped; }
};

// Always shown, so that a log of the tests says how much was tried.
inline void print(std::string_view what, const Count& count) {
    std::cout << "wycheproof: " << what << ": " << count.taken + count.refused << " of "
              << count.all() << " apply, " << count.taken << " taken, " << count.refused
              << " refused" << std::endl;
}

}  // namespace wycheproof
