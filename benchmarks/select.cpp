// Eq. 4 as a C++ programmer would write it: nth_element for each column, two threads, 16 columns (a cache line of the
// row-major matrix) at a time. Usage: select FILE ELEMENTS K
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;

static double seconds_since(Clock::time_point started) {
    return std::chrono::duration<double>(Clock::now() - started).count();
}

int main(int, char** arguments) {
    const size_t elements = std::atoll(arguments[2]), k = std::atoll(arguments[3]);
    std::FILE* file = std::fopen(arguments[1], "rb");
    std::fseek(file, 0, SEEK_END);
    const size_t samples = std::ftell(file) / (elements * sizeof(float));
    std::rewind(file);
    std::vector<float> matrix(samples * elements);
    if (std::fread(matrix.data(), sizeof(float), matrix.size(), file) != matrix.size()) return 1;

    auto started = Clock::now();
    float sums[2] = {0, 0};
    auto read = [&](int thread) {
        float sum = 0;
        const size_t half = matrix.size() / 2;
        for (size_t i = thread * half; i < (thread + 1) * half; i++) sum += matrix[i];
        sums[thread] = sum;
    };
    std::thread reader(read, 0);
    read(1);
    reader.join();
    const double reading = seconds_since(started);

    started = Clock::now();
    const size_t depth = (k + elements - 1) / elements, block = 16;
    std::vector<uint8_t> chosen(samples, 0);  // by threads that only ever write ones
    auto work = [&](size_t thread) {
        std::vector<float> columns(block * samples);
        std::vector<uint32_t> order(samples);
        for (size_t first = thread * block; first < elements; first += 2 * block) {
            const size_t width = std::min(block, elements - first);
            for (size_t row = 0; row < samples; row++)
                for (size_t j = 0; j < width; j++) columns[j * samples + row] = matrix[row * elements + first + j];
            for (size_t j = 0; j < width; j++) {
                const float* column = &columns[j * samples];
                for (size_t row = 0; row < samples; row++) order[row] = row;
                std::nth_element(order.begin(), order.begin() + depth - 1, order.end(), [column](uint32_t a, uint32_t b) {
                    return column[a] > column[b] || (column[a] == column[b] && a < b);
                });
                for (size_t rank = 0; rank < depth; rank++) chosen[order[rank]] = 1;
            }
        }
    };
    std::thread helper(work, 0);
    work(1);
    helper.join();
    const double selecting = seconds_since(started);

    uint64_t digest = 14695981039346656037ull;  // FNV-1a of the chosen indices in their order
    for (uint64_t i = 0; i < samples; i++)
        if (chosen[i]) digest = (digest ^ i) * 1099511628211ull;
    std::printf("{\"seconds\": %.6f, \"reading_s\": %.6f, \"digest\": \"%016llx\", \"sum\": %.3g}\n",
                selecting, reading, (unsigned long long)digest, sums[0] + sums[1]);
}
