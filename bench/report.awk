# Prints the table of results from samples (see measure.sh) and from lines of these kinds:
#     compare workload ours peer target p99 title...   target 0: no target; p99: yes if ours must be lower
#     tail    workload ours peer target title...       the ratio of both p99, target: the highest allowed
#     value   target unit value title...              a single figure, target: the highest allowed
# The ratio of a comparison is the median of the ratios of its rounds.

function median(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n ? (n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2) : 0
}

# The median over the rounds of a figure, or of the ratio of two servers' figures.
function figure(what, workload, server, divisor,    r, n, list, a, b) {
    n = 0
    for (r = 1; r <= rounds; r++) {
        a = sample[workload, r, server, what]
        b = divisor == "" ? 1 : sample[workload, r, divisor, what]
        if (a != "" && b > 0) list[++n] = a / b
    }
    return median(list, n)
}

function ms(us) { return sprintf("%.2f", us / 1000) }

$1 == "compare" { compared[++comparisons] = $0; next }
$1 == "tail" { tails[++tail_count] = $0; next }
$1 == "value" { valued[++values] = $0; next }
$1 == "failed" { failed[$2, $3] += $4; next }
{
    if ($2 > rounds) rounds = $2
    sample[$1, $2, $3, "rate"] = $4 / $5
    sample[$1, $2, $3, "p99"] = $8
    sample[$1, $2, $3, "cpu"] = $10 / $4 * 1e5
    sample[$1, $2, $3, "behind"] = $11 / $4 * 1e5
    sample[$1, $2, $3, "bytes"] = $6 / $4
    failed[$1, $3] += $9
    seen[$1, $3] = 1
}

function compare(line,    f, n, i, title, w, ours, peer, target, lower, ratio, verdict) {
    n = split(line, f, " ")
    w = f[2]; ours = f[3]; peer = f[4]; target = f[5]; lower = f[6] == "yes"
    for (i = 7; i <= n; i++) title = title (i > 7 ? " " : "") f[i]
    if (!seen[w, ours] || !seen[w, peer]) {
        printf "%-46s %6s   not measured (%s missing)\n", title, target ? ">=" target : "", seen[w, ours] ? peer : ours
        return
    }
    ratio = figure("rate", w, ours, peer)
    verdict = !target ? "" : ratio >= target ? "met" : "MISSED"
    if (lower && figure("p99", w, ours) >= figure("p99", w, peer)) verdict = verdict ", p99 MISSED"
    if (failed[w, ours] || failed[w, peer]) verdict = verdict " (failed: " failed[w, ours] + 0 " / " failed[w, peer] + 0 ")"
    printf "%-46s %6s %8.0f %8.0f %6.2f  %6.2f %6.2f %6.2f  %5.2f %5.2f  %6s %6s  %4.0f %4.0f  %s\n", title,
        target ? ">=" target : "", figure("rate", w, ours), figure("rate", w, peer), ratio,
        figure("cpu", w, ours), figure("cpu", w, peer), figure("cpu", w, peer, ours),
        figure("behind", w, ours), figure("behind", w, peer),
        ms(figure("p99", w, ours)), ms(figure("p99", w, peer)), figure("bytes", w, ours), figure("bytes", w, peer), verdict
}

function tail(line,    f, n, i, title, ratio) {
    n = split(line, f, " ")
    for (i = 6; i <= n; i++) title = title (i > 6 ? " " : "") f[i]
    ratio = figure("p99", f[2], f[3], f[4])
    printf "%-60s %7s %8.2f %-8s %s\n", title, "<=" f[5], ratio, "", ratio <= f[5] ? "met" : "MISSED"
}

function value(line,    f, n, i, title) {
    n = split(line, f, " ")
    for (i = 5; i <= n; i++) title = title (i > 5 ? " " : "") f[i]
    printf "%-60s %7s %8s %-8s %s\n", title, "<=" f[2], f[4], f[3], f[4] <= f[2] ? "met" : "MISSED"
}

END {
    printf "\n%-46s %6s %17s %6s  %20s  %11s  %13s  %9s\n", "", "", "requests/s", "", "CPU s per 100,000", "behind it", "p99 ms", "bytes"
    printf "%-46s %6s %8s %8s %6s  %6s %6s %6s  %5s %5s  %6s %6s  %4s %4s\n", "ours / peer", "target", "ours", "peer", "ratio",
        "ours", "peer", "ratio", "ours", "peer", "ours", "peer", "ours", "peer"
    for (c = 1; c <= comparisons; c++) compare(compared[c])
    print ""
    for (c = 1; c <= tail_count; c++) tail(tails[c])
    for (c = 1; c <= values; c++) value(valued[c])
}
