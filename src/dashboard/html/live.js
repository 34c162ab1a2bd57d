// Follows a run that is under way. Without this script the page loads again by itself.
'use strict';
(function () {
  const live = document.getElementById('live');
  if (!live || !window.EventSource) return;
  const put = (id, text) => {
    const at = document.getElementById(id);
    if (at && at.textContent !== text) at.textContent = text;
  };
  const events = new EventSource(live.dataset.events);
  events.addEventListener('progress', (event) => {
    const now = JSON.parse(event.data);
    put('live-said', now.phase);
    put('live-listings', now.listings);
    put('live-calls', now.calls);
    put('live-gaps', now.gaps);
    put('live-elapsed', now.elapsed);
    const bar = document.getElementById('live-bar');
    bar.max = now.total || 1;
    bar.value = now.done;
  });
  events.addEventListener('end', (event) => {
    events.close();
    const now = JSON.parse(event.data);
    put('live-said', now.said);
    document.getElementById('live-end').hidden = false;
    live.classList.add('ended');
  });
})();
