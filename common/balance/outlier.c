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

void outlier_succeed(struct outlier *outlier)
{
    outlier->failures = outlier->overtaken = 0;
    if (outlier_is_ejected(outlier) && !outlier->is_last_resort)
        return;
    outlier_readmit(outlier);
    if (outlier->percent == 0)
        outlier->ejections = 0;
}

/* If a call fails on probation, the cause of the last ejection stays. */
static void forget_last_cause(struct outlier *outlier, int64_t now_ms)
{
    if (outlier->on_probation)
        return;
    if (outlier->percent > 0 && now_ms - outlier->returned_ms > OUTLIER_EJECT_MS)
        outlier->ejections = 0;
    outlier->percent = outlier->others_percent = 0;
}

void outlier_suspect(struct outlier *outlier, int64_t now_ms)
{
    forget_last_cause(outlier, now_ms);
    outlier->on_probation = true;
}

void outlier_eject(struct outlier *outlier, int64_t now_ms)
{
    forget_last_cause(outlier, now_ms);
    outlier->failures = 0;
    outlier->on_probation = outlier->is_last_resort = false;
    outlier->ejections++;
    int64_t ejected_ms = OUTLIER_EJECT_MAX_MS;
    if (outlier->ejections < OUTLIER_EJECT_MAX_MS / OUTLIER_EJECT_MS)
        ejected_ms = (int64_t)outlier->ejections * OUTLIER_EJECT_MS;
    outlier->back_ms = now_ms + ejected_ms;
}

void outlier_eject_for_rate(struct outlier *outlier, unsigned percent, unsigned others_percent, int64_t now_ms)
{
    outlier_eject(outlier, now_ms);
    outlier->percent = percent;
    outlier->others_percent = others_percent;
}

void outlier_begin_probation(struct outlier *outlier)
{
    outlier_readmit(outlier);
    outlier->on_probation = true;
}

void outlier_readmit(struct outlier *outlier)
{
    if (outlier_is_ejected(outlier))
        outlier->returned_ms = outlier->back_ms;
    outlier->back_ms = 0;
    outlier->failures = outlier->overtaken = 0;
    outlier->on_probation = outlier->is_last_resort = false;
}
