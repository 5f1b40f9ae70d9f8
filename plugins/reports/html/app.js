// SPDX-License-Identifier: Apache-2.0
// Draws the charts of the report. Reads the JSON in #series; touches nothing outside the page.
(function () {
  'use strict';
  const data = JSON.parse(document.getElementById('series').textContent);
  const printing = window.matchMedia('print');
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const palette = ['--c0', '--c1', '--c2', '--c3', '--c4', '--c5'];
  const roles = {ok: '--ok', offered: '--offered', p50: '--p50', p99: '--p99', max: '--max', errors: '--errors'};
  const topics = {safety: '--bad', plugin: '--unsure'};
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Figures ---------------------------------------------------------------------------------------
  const digits = (value) => {
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString('en-US');
    return String(Number(value.toPrecision(3)));
  };
  function bytes(value) {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let i = 0;
    while (Math.abs(value) >= 999.5 && i + 1 < units.length) { value /= 1024; ++i; }
    return digits(value) + ' ' + units[i];
  }
  function seconds(value) {
    const size = Math.abs(value);
    if (size === 0) return '0';
    if (size >= 0.9995) return digits(value) + ' s';
    return size >= 0.9995e-3 ? digits(value * 1e3) + ' ms' : digits(value * 1e6) + ' µs';
  }
  const figures = {
    '1/s': (v) => digits(v) + '/s', 's': seconds, 'ratio': (v) => digits(v * 100) + ' %', 'bytes': bytes,
    'bytes/s': (v) => bytes(v) + '/s',
  };
  const figure = (unit, value) => (value == null ? '–' : (figures[unit] || digits)(value));
  // Ticks at powers of two, so that binary units come out round.
  const binary = Array.from({length: 60}, (_, i) => 2 ** i);
  // "1h 30m", "45m", "12s": the two largest parts that are not zero.
  function span(t) {
    if (t < 0) return '-' + span(-t);
    if (t < 10) return Number(t.toFixed(1)) + 's';
    let rest = Math.round(t);
    const parts = [];
    for (const [name, size] of [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]]) {
      const n = Math.floor(rest / size);
      rest -= n * size;
      if (n > 0) parts.push(n + name);
    }
    return parts.slice(0, 2).join(' ') || '0s';
  }
  const clock = (t) => data.origin_ms > 0 ? new Date(data.origin_ms + t * 1000).toISOString().slice(11, 19) + ' UTC, ' : '';

  // Data ------------------------------------------------------------------------------------------
  function lines(chart) {
    let t = [];
    return chart.lines.map((line) => {
      if (line.t) t = line.t;
      return {...line, t};
    });
  }
  const all = data.charts.map((chart) => ({...chart, lines: lines(chart)}));
  // A phase that was cut off has no end.
  const cut = (phase, i) => ({...phase, end: phase.end ?? (data.phases[i + 1] || {}).start ?? Math.max(phase.start, latest)});
  const latest = Math.max(0, ...all.flatMap((chart) => chart.lines.flatMap((line) => line.t.slice(-1))));
  data.phases = data.phases.map(cut);
  const times = all.flatMap((chart) => chart.lines.flatMap((line) => (line.t.length ? [line.t[0], line.t[line.t.length - 1]] : [])))
    .concat(data.phases.flatMap((phase) => [phase.start, phase.end])).filter((t) => t != null);
  const first = Math.min(...times);
  const last = Math.max(...times);

  // One time axis for all lines of a chart. A line without a point at some time is undefined there
  // (drawn through); null is a gap. Every chart spans the whole run.
  function table(chart) {
    const axis = [...new Set(chart.lines.flatMap((line) => line.t).concat([first, last]))].sort((a, b) => a - b);
    const columns = chart.lines.map((line) => {
      const values = new Map(line.t.map((t, i) => [t, line.v[i]]));
      return axis.map((t) => {
        const v = values.get(t);
        if (v == null) return values.has(t) ? null : undefined;
        return chart.log && v <= 0 ? null : v;
      });
    });
    for (const column of columns) {
      if (column[0] === undefined) column[0] = null;
      if (column[column.length - 1] === undefined) column[column.length - 1] = null;
    }
    return [axis, ...columns];
  }

  // Behind and over the curves --------------------------------------------------------------------
  function across(u, from, to) {
    const left = Math.max(u.valToPos(from, 'x', true), u.bbox.left);
    const right = Math.min(u.valToPos(to, 'x', true), u.bbox.left + u.bbox.width);
    return right > left ? [left, right - left] : null;
  }
  function shadePhases(u) {
    const {ctx, bbox} = u;
    data.phases.forEach((phase, i) => {
      const box = across(u, phase.start, phase.end);
      if (!box) return;
      const bad = phase.result === 'failed';
      const unsure = ['invalid', 'inconclusive', 'stopped'].includes(phase.result) || phase.state === 'interrupted';
      ctx.fillStyle = color(bad ? '--band-bad' : unsure ? '--band-unsure' : '--band');
      if (bad || unsure || i % 2 === 0) ctx.fillRect(box[0], bbox.top, box[1], bbox.height);
    });
  }
  function hatchGaps(u) {
    const {ctx, bbox} = u;
    for (const gap of data.gaps) {
      const box = across(u, gap.start, gap.end);
      if (!box) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(box[0], bbox.top, Math.max(box[1], 2), bbox.height);
      ctx.clip();
      ctx.strokeStyle = color('--hatch');
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      const step = 7 * devicePixelRatio;
      for (let x = box[0] - bbox.height; x < box[0] + box[1] + step; x += step) {
        ctx.moveTo(x, bbox.top + bbox.height);
        ctx.lineTo(x + bbox.height, bbox.top);
      }
      ctx.stroke();
      ctx.restore();
    }
  }
  function markEvents(u) {
    const {ctx, bbox} = u;
    const r = devicePixelRatio;
    for (const event of data.events) {
      const x = u.valToPos(event.t, 'x', true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = color(topics[event.topic] || '--c0');
      ctx.lineWidth = r;
      ctx.setLineDash([4 * r, 3 * r]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x - 5 * r, bbox.top + bbox.height + r);
      ctx.lineTo(x + 5 * r, bbox.top + bbox.height + r);
      ctx.lineTo(x, bbox.top + bbox.height - 7 * r);
      ctx.fill();
      ctx.restore();
    }
  }
  function labelPhases(u) {
    for (const old of u.over.querySelectorAll('.phase-label')) old.remove();
    const width = u.over.clientWidth;
    for (const phase of data.phases) {
      const left = Math.max(0, u.valToPos(phase.start, 'x'));
      const right = Math.min(width, u.valToPos(phase.end, 'x'));
      if (!(right - left >= 8)) continue;
      const label = document.createElement('div');
      label.className = 'phase-label';
      const number = String(phase.index + 1);
      label.textContent = right - left < 48 ? number : number + ' ' + phase.name;
      label.style.left = left + 'px';
      label.style.maxWidth = right - left + 'px';
      u.over.append(label);
    }
  }
  function tooltip(u) {
    const tip = document.createElement('div');
    tip.className = 'tip';
    tip.hidden = true;
    u.over.append(tip);
    return () => {
      const {left} = u.cursor;
      if (left == null || left < 0) { tip.hidden = true; return; }
      const near = (t) => Math.abs(u.valToPos(t, 'x') - left) < 7;
      const now = u.posToVal(left, 'x');
      const texts = data.events.filter((event) => near(event.t)).slice(0, 4).map((event) => clock(event.t) + '+' + span(event.t) + ': ' + event.text);
      for (const gap of data.gaps) if (now >= gap.start && now <= gap.end) texts.push('no data: ' + gap.why);
      tip.hidden = texts.length === 0;
      tip.textContent = texts.join('\n');
      tip.style.whiteSpace = 'pre-line';
      const right = left > u.over.clientWidth / 2;
      tip.style.left = right ? '' : left + 12 + 'px';
      tip.style.right = right ? u.over.clientWidth - left + 12 + 'px' : '';
    };
  }

  // Charts ----------------------------------------------------------------------------------------
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 43200, 86400,
    172800, 604800];
  function series(line, i, chart) {
    const name = roles[line.role] || palette[i % palette.length];
    const stroke = () => color(name);
    const points = line.style === 'points';
    return {
      label: line.label, stroke, width: points ? 0 : 1.5, spanGaps: false,
      fill: line.style === 'area' ? () => color(name) + '30' : undefined,
      dash: line.style === 'dash' ? [5, 4] : undefined,
      paths: points ? () => null : undefined,
      points: points ? {show: true, size: 3, width: 0, fill: stroke} : {show: false},
      value: (u, v) => figure(chart.unit, v),
    };
  }
  const decade = (v) => v > 0 && Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-6;
  const sync = uPlot.sync('run');
  function height(chart) { return chart.wide ? 210 : 150; }
  function width(plot, chart) {
    if (printing.matches) return chart.wide ? 680 : 330;
    return Math.max(240, plot.clientWidth);
  }
  function draw(chart) {
    const holder = document.getElementById('chart-' + chart.id);
    const plot = holder.querySelector('.plot');
    const axis = {stroke: () => color('--muted'), grid: {stroke: () => color('--grid'), width: 1}, ticks: {show: false}, font: '11px system-ui, sans-serif'};
    let follow = () => {};
    const u = new uPlot({
      width: width(plot, chart), height: height(chart),
      padding: [6, 14, 0, 0],
      scales: {
        x: {time: false},
        y: chart.log ? {distr: 3} : {range: (self, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.12 : 1]},
      },
      axes: [
        {...axis, incrs: steps, space: 70, size: 26, values: (self, ticks) => ticks.map(span)},
        {...axis, size: 66, incrs: chart.unit.startsWith('bytes') ? binary : undefined,
          grid: {...axis.grid, filter: (self, ticks) => ticks.map((v) => (chart.log && self.scales.y.max / self.scales.y.min > 50 && !decade(v) ? null : v))}, values: (self, ticks) => ticks.map((v) => (v == null ? '' : figure(chart.unit, v)))},
      ],
      series: [{label: 'at', value: (self, t) => (t == null ? '–' : clock(t) + '+' + span(t))}, ...chart.lines.map((line, i) => series(line, i, chart))],
      cursor: {sync: {key: sync.key, setSeries: false}, drag: {x: true, y: false}, y: false, points: {size: 6}},
      legend: {live: true, markers: {width: 0, fill: (self, i) => series(chart.lines[i - 1], i - 1, chart).stroke()}},
      hooks: {
        drawClear: [shadePhases, hatchGaps],
        draw: [markEvents, labelPhases],
        setCursor: [() => follow()],
      },
    }, table(chart), plot);
    follow = tooltip(u);
    sync.sub(u);
    const most = chart.lines.map((line) => line.label + ' at most ' + figure(chart.unit, line.v.reduce((m, v) => (v != null && v > m ? v : m), 0)));
    const canvas = plot.querySelector('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', chart.title + ': ' + most.join('; '));
    return {chart, plot, u};
  }
  const drawn = all.filter((chart) => document.getElementById('chart-' + chart.id)).map(draw);
  const fit = () => drawn.forEach(({chart, plot, u}) => u.setSize({width: width(plot, chart), height: height(chart)}));
  const repaint = () => drawn.forEach(({u}) => u.redraw(false, true));

  let pending = 0;
  window.addEventListener('resize', () => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(fit);
  });
  dark.addEventListener('change', repaint);
  printing.addEventListener('change', fit);
  window.addEventListener('beforeprint', () => {
    for (const element of document.querySelectorAll('details')) element.open = true;
    fit();
  });
  document.documentElement.dataset.charts = String(drawn.length);
})();
