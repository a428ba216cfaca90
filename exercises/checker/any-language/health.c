#include "checks.h"

const struct check health_checks[] = {{.run = 0}};
