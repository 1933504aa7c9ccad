/** Runs in the page: a terminal is made a player once it is opened. Of an older browser it asks nothing else. */
export const pageScript = `(() => {
  const play = (details) => {
    if (!details.open || details.dataset.ready) return;
    details.dataset.ready = 'yes';
    const data = JSON.parse(details.querySelector('script').textContent);
    AsciinemaPlayer.create({ data }, details.querySelector('.player'), {
      preload: true,
      poster: 'npt:86400',
      idleTimeLimit: 2,
      fit: 'width',
      terminalFontFamily: 'ui-monospace, Menlo, Consolas, monospace',
    });
  };
  for (const details of document.querySelectorAll('details.terminal')) {
    details.addEventListener('toggle', () => play(details));
    play(details);
  }
})();
`;
