#include "plot.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 64, ROWS = 12, LABEL_MAX = 14 };

/* Room for the names beside the points. */
struct canvas {
    char row[ROWS][COLUMNS + LABEL_MAX + 1];
};

static double highest(const struct plot_point *points, int count, int axis)
{
    double most = 0;
    for (int i = 0; i < count; i++) {
        double value = axis ? points[i].y : points[i].x;
        most = value > most ? value : most;
    }
    return most > 0 ? most : 1;
}

/* A point in a row that another name already takes is drawn one row higher, or lower at the top. */
static int free_row(const struct canvas *canvas, int row, int column, size_t length)
{
    for (int away = 0; away < ROWS; away++)
        for (int sign = -1; sign <= 1; sign += 2) {
            int tried = row + sign * away;
            if (tried >= 0 && tried < ROWS && strspn(canvas->row[tried] + column, " ") >= length)
                return tried;
        }
    return row;
}

static void draw(struct canvas *canvas, const struct plot_point *point, double x_most, double y_most)
{
    int column = (int)(point->x / x_most * (COLUMNS - 1) + 0.5);
    int row = ROWS - 1 - (int)(point->y / y_most * (ROWS - 1) + 0.5);
    char label[LABEL_MAX + 1];
    int length = snprintf(label, sizeof label, "* %s", point->name);
    row = free_row(canvas, row, column, (size_t)length);
    memcpy(canvas->row[row] + column, label, (size_t)length);
}

void plot_print(const struct plot_point *points, int count, const char *x_title, const char *y_title)
{
    struct canvas canvas = {{{0}}};
    double x_most = highest(points, count, 0), y_most = highest(points, count, 1);
    for (int row = 0; row < ROWS; row++)
        memset(canvas.row[row], ' ', sizeof canvas.row[row] - 1);
    for (int i = 0; i < count; i++)
        draw(&canvas, &points[i], x_most, y_most);
    printf("  %s\n", y_title);
    for (int row = 0; row < ROWS; row++) {
        char *end = canvas.row[row] + strlen(canvas.row[row]);
        while (end > canvas.row[row] && end[-1] == ' ')
            *--end = '\0';
        if (row == 0 || row == ROWS - 1)
            printf("  %6.1f |%s\n", row == 0 ? y_most : 0.0, canvas.row[row]);
        else
            printf("  %6s |%s\n", "", canvas.row[row]);
    }
    printf("  %6s +", "");
    for (int i = 0; i < COLUMNS; i++)
        putchar('-');
    printf("\n  %6s 0%*.2f  %s\n", "", COLUMNS, x_most, x_title);
}
