/* plot: points in the terminal, each with its name beside it. Both axes begin with 0. */
#ifndef PITFALLS_PLOT_H
#define PITFALLS_PLOT_H

struct plot_point {
    double x, y;
    const char *name; /* ASCII */
};

void plot_print(const struct plot_point *points, int count, const char *x_title, const char *y_title);

#endif
