/* What a call prints: CHECK_PRINTS for stdout; CHECK_MISTAKE for a call without a context, whose
 * mistakes end in a message and an abort, here a count. To be included first: it sets NN_ABORT.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#define _POSIX_C_SOURCE 200809L /* dup, dup2, fileno */
#include <stdio.h>
#include <unistd.h>

static int aborts;
#define NN_ABORT() ((void)aborts++)

static FILE *capture_file;
static int capture_fd, capture_copy;

/* Sends what is written to fd, which belongs to stream, into a file. */
static void capture_begin(FILE *stream, int fd)
{
    fflush(stream);
    capture_file = tmpfile();
    capture_fd = fd;
    capture_copy = dup(fd);
    if (capture_file) dup2(fileno(capture_file), fd);
}

/* What was written since; good until the next call. */
static const char *capture_end(FILE *stream)
{
    static char text[4096];
    fflush(stream);
    dup2(capture_copy, capture_fd);
    close(capture_copy);
    if (!capture_file) return "no file to capture with";
    rewind(capture_file);
    text[fread(text, 1, sizeof text - 1, capture_file)] = 0;
    fclose(capture_file);
    return text;
}

#define CHECK_PRINTS(call, text)                                                               \
    do {                                                                                       \
        capture_begin(stdout, STDOUT_FILENO);                                                  \
        call;                                                                                  \
        const char *said_ = capture_end(stdout);                                               \
        CHECK_STR(said_, text);                                                                \
    } while (0)

#define CHECK_MISTAKE(call, text)                                                              \
    do {                                                                                       \
        aborts = 0;                                                                            \
        capture_begin(stderr, STDERR_FILENO);                                                  \
        (void)(call);                                                                          \
        const char *said_ = capture_end(stderr);                                               \
        CHECK_STR(said_, text "\n");                                                           \
        CHECK_INT(aborts, 1);                                                                  \
    } while (0)

#endif
