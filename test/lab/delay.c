/*
 * delay TAP_A TAP_B ONE_WAY_MS LOSS_PERCENT RATE_MBIT
 *
 * Carries Ethernet frames between two tap devices that exist already, each ONE_WAY_MS late, dropping LOSS_PERCENT of them at
 * random and serialising the rest at RATE_MBIT (0: as fast as they come). Stands in for netem, which lab kernels may lack.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 4096, FRAME_MAX = 2048 };

struct frame {
    int64_t due; /* ns, monotonic clock */
    int length;
    char bytes[FRAME_MAX];
};

/* One direction: frames leave in the order they came, so a ring is queue enough. When it is full, frames are lost. */
struct pipe_line {
    int in, out;
    int64_t line_free; /* when the serialising line is idle again */
    unsigned head, tail;
    struct frame *slots;
};

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int open_tap(const char *name) {
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void take(struct pipe_line *line, int64_t delay, double loss, double rate_mbit) {
    static char discarded[FRAME_MAX];
    for (;;) {
        int full = line->tail - line->head == SLOTS;
        struct frame *f = &line->slots[line->tail % SLOTS];
        ssize_t length = read(line->in, full ? discarded : f->bytes, FRAME_MAX);
        if (length <= 0) return;
        if (full || (loss > 0 && drand48() * 100 < loss)) continue;
        int64_t start = now_ns();
        if (rate_mbit > 0) {
            if (line->line_free > start) start = line->line_free;
            start += (int64_t)(length * 8 * 1000 / rate_mbit);
            line->line_free = start;
        }
        f->length = (int)length;
        f->due = start + delay;
        line->tail++;
    }
}

static void give(struct pipe_line *line) {
    int64_t now = now_ns();
    while (line->head != line->tail && line->slots[line->head % SLOTS].due <= now) {
        struct frame *f = &line->slots[line->head % SLOTS];
        /* A tap that is down refuses frames: on a real line they would be lost as well. */
        if (write(line->out, f->bytes, (size_t)f->length) < 0) { }
        line->head++;
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: delay TAP_A TAP_B ONE_WAY_MS LOSS_PERCENT RATE_MBIT\n");
        return 2;
    }
    int a = open_tap(argv[1]), b = open_tap(argv[2]);
    int64_t delay = (int64_t)(atof(argv[3]) * 1e6);
    double loss = atof(argv[4]), rate = atof(argv[5]);
    struct pipe_line lines[2] = {{.in = a, .out = b}, {.in = b, .out = a}};
    for (int i = 0; i < 2; i++) {
        lines[i].slots = malloc(SLOTS * sizeof(struct frame));
        if (!lines[i].slots) return 1;
    }
    srand48(now_ns() ^ getpid());
    prctl(PR_SET_TIMERSLACK, 1); /* the default lets timers come 50 microseconds late */
    for (;;) {
        int64_t next = INT64_MAX;
        for (int i = 0; i < 2; i++)
            if (lines[i].head != lines[i].tail) {
                int64_t due = lines[i].slots[lines[i].head % SLOTS].due;
                if (due < next) next = due;
            }
        struct timespec wait = {0, 0};
        if (next != INT64_MAX) {
            int64_t left = next - now_ns();
            if (left > 0) wait = (struct timespec){left / 1000000000, left % 1000000000};
        }
        struct pollfd fds[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
        ppoll(fds, 2, next == INT64_MAX ? NULL : &wait, NULL);
        for (int i = 0; i < 2; i++) take(&lines[i], delay, loss, rate);
        for (int i = 0; i < 2; i++) give(&lines[i]);
    }
}
