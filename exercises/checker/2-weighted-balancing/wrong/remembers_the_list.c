/* A wrong answer: it writes out the turns in advance, and reads the list again only when an instance has joined or all
 * turns are used.
 * expect: 5/6 after A \(weight 3\) left: it returned 2, but the list has 2 instances.*left from a longer list
 * zh: 5/6 A（权重 3）离开之后：返回了 2，但列表里只有 2 个实例：下标须在 0 到 n-1 之间（或 -1：没有可选的），可能是沿用了旧列表的下标
 * score: 5 */
#include "given.h"

int weighted_pick(struct peer *peers, int n)
{
    static int turns[5000], count, next, known;
    if (next == 0 || n > known) {
        count = next = 0;
        known = n;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < peers[i].weight; j++)
                turns[count++] = i;
    }
    if (n == 0 || count == 0)
        return -1;
    int picked = turns[next];
    next = (next + 1) % count;
    return picked;
}
