/**
 * For other sites: `<script src="http://NODE/listen/widget.js" data-stream="NAME"></script>` puts the player there.
 * @module
 */
(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const name = script?.dataset.stream;
  if (!script || !name) return;
  const frame = document.createElement('iframe');
  frame.src = new URL(`./${encodeURIComponent(name)}?embed`, script.src).href;
  frame.title = script.dataset.title ?? `Player: ${name}`;
  frame.allow = 'autoplay';
  frame.width = script.dataset.width ?? '100%';
  frame.height = script.dataset.height ?? '240';
  frame.style.border = '0';
  script.after(frame);
})();
