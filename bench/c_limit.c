/* The limit: the same packets to the same receivers, in the shortest C there is. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MOST = 1024, ROW = 1600, HEADER = 12 };

typedef int protect_function(void *session, void *packet, int *length);

struct list {
    void *sessions[MOST];
    uint16_t first[MOST];
    struct sockaddr_in addresses[MOST];
    struct iovec pieces[MOST];
    struct mmsghdr messages[MOST];
    unsigned char rows[MOST][ROW];
};

struct list *make_list(void) { return calloc(1, sizeof(struct list)); }

void set_receiver(struct list *l, int i, void *session, int port, uint32_t ssrc,
                  uint16_t first)
{
    l->sessions[i] = session;
    l->first[i] = first;
    l->addresses[i].sin_family = AF_INET;
    l->addresses[i].sin_port = htons(port);
    l->addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->pieces[i].iov_base = l->rows[i];
    l->messages[i].msg_hdr.msg_name = &l->addresses[i];
    l->messages[i].msg_hdr.msg_namelen = sizeof l->addresses[i];
    l->messages[i].msg_hdr.msg_iov = &l->pieces[i];
    l->messages[i].msg_hdr.msg_iovlen = 1;
    l->rows[i][0] = 0x80;
    l->rows[i][1] = 111;
    ssrc = htonl(ssrc);
    memcpy(l->rows[i] + 8, &ssrc, 4);
}

/* Returns how many packets left. */
int fan_out(struct list *l, int n, int fd, protect_function *protect, uint16_t index,
            uint32_t timestamp, const void *payload, int size)
{
    timestamp = htonl(timestamp);
    for (int i = 0; i < n; i++) {
        int length = HEADER + size;
        uint16_t sequence = htons(l->first[i] + index);
        memcpy(l->rows[i] + 2, &sequence, 2);
        memcpy(l->rows[i] + 4, &timestamp, 4);
        memcpy(l->rows[i] + HEADER, payload, size);
        if (protect(l->sessions[i], l->rows[i], &length))
            return -1;
        l->pieces[i].iov_len = length;
    }
    return sendmmsg(fd, l->messages, n, MSG_DONTWAIT);
}
