#include "balance/outlier.h"

bool outlier_is_ejected(const struct outlier *outlier)
{
    return outlier->back_ms != 0;
}

bool outlier_is_out(const struct outlier *outlier)
{
    return outlier_is_ejected(outlier) || outlier->on_probation;
}

bool outlier_is_failing(const struct outlier *outlier)
{
    return outlier_is_out(outlier) || outlier->failures >= OUTLIER_FAILURES;
}

void outlier_begin_call(struct outlier *outlier)
{
    outlier->is_last_resort = outlier_is_ejected(outlier);
}

bool outlier_fail(struct outlier *outlier)
{
    if (outlier_is_ejected(outlier)) /* the call began before the ejection */
        return false;
    outlier->failures++;
    return outlier->on_probation || outlier->failures >= OUTLIER_FAILURES;
}

bool outlier_note_overtaken(struct outlier *outlier)
{
    return !outlier_is_out(outlier) && ++outlier->overtaken >= OUTLIER_FAILURES;
}

void outlier_suspect(struct outlier *outlier)
{
    outlier->on_probation = true;
}

void outlier_succeed(struct outlier *outlier)
{
    outlier->failures = outlier->overtaken = 0;
    if (outlier_is_ejected(outlier) && !outlier->is_last_resort)
        return;
    outlier_readmit(outlier);
    outlier->ejections = 0;
}

void outlier_eject(struct outlier *outlier, int64_t now_ms)
{
    outlier->failures = outlier->overtaken = 0;
    outlier->on_probation = outlier->is_last_resort = false;
    outlier->ejections++;
    int64_t ejected_ms = OUTLIER_EJECT_MAX_MS;
    if (outlier->ejections < OUTLIER_EJECT_MAX_MS / OUTLIER_EJECT_MS)
        ejected_ms = (int64_t)outlier->ejections * OUTLIER_EJECT_MS;
    outlier->back_ms = now_ms + ejected_ms;
}

void outlier_begin_probation(struct outlier *outlier)
{
    outlier_readmit(outlier);
    outlier->on_probation = true;
}

void outlier_readmit(struct outlier *outlier)
{
    outlier->back_ms = 0;
    outlier->failures = outlier->overtaken = 0;
    outlier->on_probation = outlier->is_last_resort = false;
}
