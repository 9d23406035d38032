"use strict";
(() => {
  const printedWidth = 1020;
  const locale = JSON.parse(document.getElementById("locale").textContent);
  Plotly.register(locale);
  const config = {
    displaylogo: false,
    locale: locale.name,
    modeBarButtons: [["toImage"]],
    responsive: true,
    showTips: false,
  };
  const figures = [];
  for (const data of document.querySelectorAll("script[data-figure]")) {
    const place = document.getElementById(data.dataset.figure);
    const figure = JSON.parse(data.textContent);
    const layout = { ...figure.layout, autosize: true };
    delete layout.width;
    place.style.height = `${layout.height || 420}px`;
    Plotly.newPlot(place, figure.data, layout, config);
    figures.push(place);
  }
  addEventListener("beforeprint", () => {
    for (const place of figures) Plotly.relayout(place, { autosize: false, width: printedWidth });
  });
  addEventListener("afterprint", () => {
    for (const place of figures) Plotly.relayout(place, { autosize: true, width: null });
  });
})();
