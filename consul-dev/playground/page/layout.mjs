// Where each process is in the picture, and along which path its calls go. It draws nothing: numbers in,
// numbers and paths out. Wide: order-service on the left, the instances in the middle, registries above,
// stores on the right. Narrow (a phone): from top to bottom.

const WIDE_MIN = 640;
const EDGE = 10;
// The more instances, the smaller their cards.
const SIZES = [
    { name: 'full', upTo: 8, upToNarrow: 4, height: 70, least: 150, most: 250, gap: 10 },
    { name: 'compact', upTo: 24, upToNarrow: 18, height: 52, least: 88, most: 130, gap: 12 },
    { name: 'tiny', upTo: Infinity, upToNarrow: Infinity, height: 38, least: 60, most: 84, gap: 8 },
];
const SERVER = { wide: 150, narrow: 128, height: 48 };
const CALLER = { width: 150, height: 92 };

const centre = box => ({ x: box.x + box.w / 2, y: box.y + box.h / 2 });

function gridOf(count, size, width, isWide) {
    const fitting = Math.max(1, Math.floor((width + size.gap) / (size.least + size.gap)));
    const few = isWide && count > 4 ? 2 : 1;
    const columns = Math.min(size.name === 'full' ? Math.min(few, fitting) : fitting, Math.max(count, 1));
    const most = isWide ? size.most : Math.max(size.most, columns === 1 ? width : 0);
    const w = Math.min(most, (width - size.gap * (columns - 1)) / columns);
    return { columns, rows: Math.ceil(count / columns), w, width: columns * w + (columns - 1) * size.gap };
}

function placeInstances(instances, area, size, grid, boxes) {
    instances.forEach((node, i) =>
        boxes.set(node.id, {
            x: area.x + (i % grid.columns) * (grid.w + size.gap),
            y: area.y + Math.floor(i / grid.columns) * (size.height + size.gap),
            w: grid.w,
            h: size.height,
        }),
    );
}

const stack = (nodes, x, middle, w, boxes) => {
    const height = nodes.length * SERVER.height + (nodes.length - 1) * 26;
    nodes.forEach((node, i) =>
        boxes.set(node.id, { x, y: middle - height / 2 + i * (SERVER.height + 26), w, h: SERVER.height }),
    );
};

// ---- Wide ----------------------------------------------------------------------------

function wideCall(from, to, size, grid, area) {
    const x = from.x + from.w;
    const y = centre(from).y;
    if (grid.columns === 1) {
        const end = centre(to).y;
        const bend = (to.x - x) / 2;
        return `M${x} ${y}C${x + bend} ${y} ${to.x - bend} ${end} ${to.x} ${end}`;
    }
    // Above its row, so that no call crosses another instance.
    const lane = to.y - size.gap / 2;
    const bend = (area.x - x) / 2;
    const curve = `M${x} ${y}C${x + bend} ${y} ${area.x - bend} ${lane} ${area.x} ${lane}`;
    return `${curve}H${to.x + 12}Q${to.x + 18} ${lane} ${to.x + 18} ${to.y}`;
}

// Straight pieces with round corners, from the first point to the last.
function polyline(points, radius = 10) {
    const [first, ...rest] = points;
    let path = `M${first.x} ${first.y}`;
    rest.forEach((point, i) => {
        const next = rest[i + 1];
        const previous = points[i];
        if (!next) {
            path += `L${point.x} ${point.y}`;
            return;
        }
        const towards = (from, to) => ({
            x: from.x + Math.sign(to.x - from.x) * Math.min(radius, Math.abs(to.x - from.x)),
            y: from.y + Math.sign(to.y - from.y) * Math.min(radius, Math.abs(to.y - from.y)),
        });
        const [begin, end] = [towards(point, previous), towards(point, next)];
        path += `L${begin.x} ${begin.y}Q${point.x} ${point.y} ${end.x} ${end.y}`;
    });
    return path;
}

// From order-service to a registry: to the first one from the side, to a second one from below.
function watchLine(caller, box, i) {
    const x = caller.x + 40 + 24 * i;
    const start = { x, y: caller.y };
    const middle = centre(box);
    if (i === 0) return polyline([start, { x, y: middle.y }, { x: box.x, y: middle.y }]);
    const below = box.y + box.h + 10;
    const end = middle.x - 16;
    return polyline([start, { x, y: below }, { x: end, y: below }, { x: end, y: box.y + box.h }]);
}

function registryLines(node, i, isLast, caller, box, group) {
    const { x, y } = centre(box);
    const bottom = box.y + box.h;
    const words = isLast ? { x: x + 8, y: bottom + 17 } : null;
    const lines = [{ kind: 'checks', to: node.id, d: `M${x} ${group.y}V${bottom}`, label: words }];
    if (caller) {
        const label = i === 0 ? { x: caller.x + 62, y: y - 7 } : null;
        lines.push({ kind: 'watch', to: node.id, d: watchLine(caller, box, i), label });
    }
    return lines;
}

function storeLines(node, caller, box, group, height) {
    const { x, y } = centre(box);
    const lines = [{ kind: node.kind, to: node.id, d: `M${group.x + group.w} ${y}H${box.x}`, label: null }];
    if (node.kind === 'postgres' && caller) {
        const from = { x: centre(caller).x, y: caller.y + caller.h };
        const low = height - 10;
        const d = polyline([from, { x: from.x, y: low }, { x, y: low }, { x, y: box.y + box.h }]);
        lines.push({ kind: 'orders', to: node.id, d, label: { x: from.x + 16, y: low - 6 } });
    }
    return lines;
}

function wideLines(parts, boxes, group, height) {
    const caller = parts.caller && boxes.get(parts.caller.id);
    const last = parts.registries.length - 1;
    return [
        ...parts.registries.flatMap((node, i) => registryLines(node, i, i === last, caller, boxes.get(node.id), group)),
        ...parts.stores.flatMap(node => storeLines(node, caller, boxes.get(node.id), group, height)),
    ];
}

function wide(parts, width, size) {
    const boxes = new Map();
    const side = SERVER.wide - 20;
    const from = EDGE + CALLER.width + 74;
    const room = width - EDGE - side - 44 - from;
    const grid = gridOf(parts.instances.length, size, room, true);
    const area = { x: from + Math.max(0, (room - grid.width) / 2), y: EDGE + SERVER.height + 54 };
    placeInstances(parts.instances, area, size, grid, boxes);
    const rows = Math.max(grid.rows, 1);
    const tall = Math.max(rows * (size.height + size.gap) - size.gap, 170);
    const group = { x: area.x - 14, y: area.y - 34, w: grid.width + 28, h: tall + 46 };
    const height = group.y + group.h + 20;
    const middle = area.y + tall / 2;
    if (parts.caller)
        boxes.set(parts.caller.id, { x: EDGE, y: middle - CALLER.height / 2, w: CALLER.width, h: CALLER.height });
    const across = parts.registries.length * SERVER.wide + (parts.registries.length - 1) * 40;
    parts.registries.forEach((node, i) =>
        boxes.set(node.id, {
            x: area.x + grid.width / 2 - across / 2 + i * (SERVER.wide + 40),
            y: EDGE,
            w: SERVER.wide,
            h: SERVER.height,
        }),
    );
    stack(parts.stores, width - EDGE - side, middle, side, boxes);
    const caller = parts.caller && boxes.get(parts.caller.id);
    const calls = new Map(
        caller ? parts.instances.map(node => [node.id, wideCall(caller, boxes.get(node.id), size, grid, area)]) : [],
    );
    return { width, height, size: size.name, boxes, group, calls, lines: wideLines(parts, boxes, group, height) };
}

// ---- Narrow --------------------------------------------------------------------------

function narrowCall(from, to, group) {
    const { x } = centre(from);
    const y = from.y + from.h;
    const lane = to.x - 7;
    const curve = `M${x} ${y}C${x} ${y + 24} ${lane} ${y + 10} ${lane} ${group.y + 30}`;
    return `${curve}V${to.y + 8}Q${lane} ${to.y + 18} ${to.x} ${to.y + 18}`;
}

function narrowLines(parts, boxes, group) {
    const caller = parts.caller && boxes.get(parts.caller.id);
    const lines = [];
    parts.registries.forEach((node, i) => {
        const box = boxes.get(node.id);
        const { x, y } = centre(box);
        const isLast = i === parts.registries.length - 1;
        if (isLast) lines.push({ kind: 'checks', to: node.id, d: `M${x} ${group.y}V${box.y + box.h}`, label: null });
        if (caller) lines.push({ kind: 'watch', to: node.id, d: `M${caller.x + caller.w} ${y}H${box.x}`, label: null });
    });
    for (const node of parts.stores) {
        const box = boxes.get(node.id);
        lines.push({ kind: node.kind, to: node.id, d: `M${centre(box).x} ${group.y + group.h}V${box.y}`, label: null });
    }
    return lines;
}

function narrow(parts, width, size) {
    const boxes = new Map();
    const side = SERVER.narrow;
    const callerWidth = Math.min(CALLER.width, width - 2 * EDGE - side - 30);
    parts.registries.forEach((node, i) =>
        boxes.set(node.id, { x: width - EDGE - side, y: EDGE + i * (SERVER.height + 12), w: side, h: SERVER.height }),
    );
    const above = Math.max(CALLER.height, parts.registries.length * (SERVER.height + 12) - 12);
    if (parts.caller)
        boxes.set(parts.caller.id, {
            x: EDGE,
            y: EDGE + (above - CALLER.height) / 2,
            w: callerWidth,
            h: CALLER.height,
        });
    const room = width - 2 * EDGE - 24;
    // (Between two columns runs the lane of the second one's calls.)
    const gaps = { ...size, gap: 14 };
    const grid = gridOf(parts.instances.length, gaps, room, false);
    const area = { x: EDGE + 16, y: EDGE + above + 62 };
    placeInstances(parts.instances, area, gaps, grid, boxes);
    const group = {
        x: EDGE,
        y: area.y - 30,
        w: width - 2 * EDGE,
        h: Math.max(grid.rows, 1) * (size.height + gaps.gap) - gaps.gap + 42,
    };
    const below = group.y + group.h + 28;
    const storeWidth = (width - 2 * EDGE - 24) / Math.max(parts.stores.length, 1);
    parts.stores.forEach((node, i) =>
        boxes.set(node.id, {
            x: EDGE + i * (storeWidth + 24),
            y: below,
            w: Math.min(storeWidth, 170),
            h: SERVER.height,
        }),
    );
    const caller = parts.caller && boxes.get(parts.caller.id);
    const calls = new Map(
        caller ? parts.instances.map(node => [node.id, narrowCall(caller, boxes.get(node.id), group)]) : [],
    );
    const height = parts.stores.length ? below + SERVER.height + EDGE : group.y + group.h + EDGE;
    return { width, height, size: size.name, boxes, group, calls, lines: narrowLines(parts, boxes, group) };
}

// boxes: id -> {x, y, w, h}; calls: id -> path; lines: what else is connected.
export function layout(nodes, width) {
    const of = (...kinds) => kinds.flatMap(kind => nodes.filter(node => node.kind === kind));
    const parts = {
        registries: of('consul', 'etcd'),
        stores: of('redis', 'postgres'),
        caller: of('order-service')[0],
        instances: of('user-service'),
    };
    const isWide = width >= WIDE_MIN;
    const size = SIZES.find(one => parts.instances.length <= (isWide ? one.upTo : one.upToNarrow));
    return { ...(isWide ? wide : narrow)(parts, width, size), isWide };
}
