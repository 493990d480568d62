#include <stdio.h>
#define MAX_ITEMS 100
#define SQUARE(x) ((x) * (x))

typedef unsigned long ulong_t;

typedef struct node {
    int value;
    struct node *next;
} node;

typedef struct {
    double x, y;
} point_t;

struct item {
    char sku[16];
    double price;
};

enum color { RED, GREEN = 2 };

union bits {
    unsigned int i;
    float f;
};

typedef int (*handler_t)(struct item *, void *);

static const double TAX = 0.19;
int counter = 0;
extern int shared;

static int compare(const void *a, const void *b);

/* Adds. */
static inline int add(int a, int b)
{
    int local = a;
    return local + b;
}

struct item *
find_item(const char *sku,
          struct item *items, size_t n)
{
    return NULL;
}

char **names(void) { return 0; }

int main(int argc, char *argv[]) {
    printf("%d\n", add(1, 2));
    return 0;
}
