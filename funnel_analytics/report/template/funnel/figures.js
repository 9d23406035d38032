"use strict";
(() => {
  // What fits between the margins of A4 across, in CSS pixels.
  const paper = { width: 1030, height: 656 };
  const lowest = 0.7;
  const lower = 0.75;
  const locale = JSON.parse(document.getElementById("locale").textContent);
  Plotly.register(locale);
  const config = { displaylogo: false, locale: locale.name, responsive: true, showTips: false };
  const figures = new Map();
  const configs = new Map();
  for (const data of document.querySelectorAll("script[data-figure]")) {
    const place = document.getElementById(data.dataset.figure);
    const figure = JSON.parse(data.textContent);
    const layout = { ...figure.layout, ...figure.page, autosize: true };
    delete layout.width;
    if (figure.page) {
      // The page says these as text.
      delete layout.title;
      layout.annotations = layout.annotations.filter((each) => each.name !== "footer");
    }
    const save = {
      name: "save",
      title: locale.dictionary["Download plot as a PNG"],
      icon: Plotly.Icons.camera,
      click: () =>
        Plotly.downloadImage(
          { data: figure.data, layout: figure.layout, config: { locale: locale.name } },
          { format: "png", scale: 2, filename: place.id },
        ),
    };
    place.style.height = `${layout.height || 420}px`;
    configs.set(place, { ...config, modeBarButtons: [[save]] });
    Plotly.newPlot(place, figure.data, layout, configs.get(place));
    const { t = 0, b = 0 } = layout.margin || {};
    const height = layout.height || 420;
    figures.set(place, { height, around: Math.min(t + b, height) });
  }

  // Lay the page out as on paper, for as long as `measure` takes.
  const asPrinted = (measure) => {
    const main = document.querySelector("main");
    const rules = [...document.styleSheets]
      .flatMap((sheet) => [...sheet.cssRules])
      .filter((rule) => rule instanceof CSSMediaRule && rule.conditionText === "print");
    for (const rule of rules) rule.media.mediaText = "all";
    main.style.width = `${paper.width}px`;
    try {
      return measure(main);
    } finally {
      main.style.width = "";
      for (const rule of rules) rule.media.mediaText = "print";
    }
  };

  // Headings and prose go with the figure behind them, and a figure with the table behind it: where
  // both would not fit on one sheet but nearly, the figure is lower; its plot loses 30 % at most.
  const planned = (main) => {
    const groups = [];
    let open = null;
    for (const block of main.children) {
      if (!block.getClientRects().length) continue;
      const isTable = block.matches(".table");
      const joins = open && (!open.closed || (isTable && open.figure && !open.table));
      if (!joins) groups.push((open = { blocks: [], closed: false }));
      open.blocks.push(block);
      const figure = block.querySelector(".figure");
      if (figure) Object.assign(open, { figure, closed: true });
      else if (isTable) Object.assign(open, { table: block, closed: true });
    }
    const top = (group) => group.blocks[0].getBoundingClientRect().top;
    const end = main.getBoundingClientRect().bottom;
    return groups.map(({ blocks, figure, table }, number) => {
      const group = { blocks };
      const next = number + 1 < groups.length ? top(groups[number + 1]) : end;
      const bottom = blocks.at(-1).getBoundingClientRect().bottom;
      const whole = bottom - top(group);
      const tableHeight = figure && table ? bottom - table.getBoundingClientRect().top : 0;
      const { height: full, around } = figures.get(figure) || { height: 0, around: 0 };
      const fixed = whole - full - tableHeight;
      return { first: blocks[0], figure, full, around, tableHeight, fixed, gap: next - bottom };
    });
  };

  const laidOut = (groups) => {
    let left = paper.height;
    for (const group of groups) {
      const { figure, full, around, fixed, tableHeight } = group;
      const shrunk = (share) => Math.round(around + share * (full - around));
      const least = shrunk(lowest);
      const all = fixed + tableHeight;
      group.height = full;
      if (all + least > left && left < paper.height && fixed + least + tableHeight <= paper.height) {
        group.starts = true;
        left = paper.height;
      } else if (fixed + shrunk(lower) > left && left < paper.height && figure) {
        group.starts = true;
        left = paper.height;
      }
      if (all + least <= left) {
        group.height = Math.min(full, Math.floor(left - all));
        left -= all + group.height;
      } else if (figure) {
        group.height = Math.max(least, Math.min(full, Math.floor(left - fixed)));
        left = paper.height - (tableHeight % paper.height);
      } else {
        left = paper.height - ((all - left) % paper.height);
      }
      left -= group.gap;
    }
    return groups;
  };

  // Flows fade in and move to their places when they are drawn again, and paper does not wait: they
  // are drawn as new.
  const sized = (place, height, more) => {
    place.style.height = `${height}px`;
    if (place.data.some((trace) => trace.type === "sankey")) {
      const { data, layout } = place;
      Plotly.purge(place);
      Plotly.newPlot(place, data, { ...layout, height, ...more }, configs.get(place));
    } else {
      Plotly.relayout(place, { height, ...more });
    }
  };
  let started = [];
  addEventListener("beforeprint", () => {
    const groups = laidOut(asPrinted(planned));
    started = groups.filter((group) => group.starts).map((group) => group.first);
    for (const block of started) block.style.breakBefore = "page";
    for (const { figure, height } of groups) {
      if (figure) sized(figure, height, { autosize: false, width: paper.width - 10 });
    }
  });
  addEventListener("afterprint", () => {
    for (const block of started) block.style.breakBefore = "";
    for (const [place, { height }] of figures) sized(place, height, { autosize: true, width: null });
  });
})();
