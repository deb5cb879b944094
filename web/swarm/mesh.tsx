import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { SwarmView } from '../../src/swarm/view/swarm-view.ts';
import { texts } from '../texts.ts';
import { drawChunks, drawMesh, type MeshColours, type MeshSurface } from './mesh-drawing.ts';
import { layoutOf, type MeshLayout } from './mesh-layout.ts';

/** More dots a pixel than these are not seen. */
const MAX_SCALE = 2;

function coloursOfPage(): MeshColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text'),
    card: colour('card'),
    track: colour('track'),
    accent: colour('accent'),
    onAccent: colour('on-accent'),
    trusted: colour('good-fill'),
    new: colour('idle-fill'),
    suspected: colour('warn-fill'),
    convicted: colour('bad-fill'),
  };
}

/** Keeps a canvas up to date: peers and lines are drawn once for each view, chunks once for each frame that is seen. */
class MeshPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #still = document.createElement('canvas');
  readonly #motion = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  readonly #resize = new ResizeObserver(() => this.#redraw());
  readonly #seen = new IntersectionObserver(([entry]) => {
    this.#isSeen = entry?.isIntersecting ?? true;
    this.#animate();
  });
  readonly #onChange = () => this.#redraw();
  #layout: MeshLayout = { isCrowded: false, peers: [], flows: [] };
  #colours = coloursOfPage();
  #isSeen = true;
  #frame: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#resize.observe(canvas);
    this.#seen.observe(canvas);
    this.#motion.addEventListener('change', this.#onChange);
    this.#scheme.addEventListener('change', this.#onChange);
  }

  show(layout: MeshLayout): void {
    this.#layout = layout;
    this.#redraw();
  }

  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#resize.disconnect();
    this.#seen.disconnect();
    this.#motion.removeEventListener('change', this.#onChange);
    this.#scheme.removeEventListener('change', this.#onChange);
  }

  #surface(canvas: HTMLCanvasElement): MeshSurface | undefined {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const context = canvas.getContext('2d');
    if (!context || width === 0 || height === 0) return undefined;
    const scale = Math.min(MAX_SCALE, devicePixelRatio);
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    return { context, width, height, colours: this.#colours };
  }

  #redraw(): void {
    this.#colours = coloursOfPage();
    const surface = this.#surface(this.#still);
    if (surface) drawMesh(surface, this.#layout);
    this.#draw();
    this.#animate();
  }

  #draw(): void {
    const surface = this.#surface(this.#canvas);
    if (!surface || this.#still.width === 0) return;
    const { context, width, height } = surface;
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#still, 0, 0, width, height);
    drawChunks(surface, this.#layout, this.#motion.matches ? undefined : performance.now());
  }

  /** Frames only while something moves and is seen. */
  #animate(): void {
    const moves = this.#isSeen && this.#layout.flows.length > 0 && !this.#motion.matches;
    if (!moves || this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
      this.#animate();
    });
  }
}

/** The mesh as a picture: one canvas, however many peers there are. */
export function Mesh({ view }: { view: SwarmView }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<MeshPainter | undefined>(undefined);
  const layout = useMemo(() => layoutOf(view), [view]);
  useEffect(() => {
    painter.current = canvas.current ? new MeshPainter(canvas.current) : undefined;
    return () => painter.current?.stop();
  }, []);
  useEffect(() => painter.current?.show(layout), [layout]);
  const { counts, flows } = view;
  const about = texts.swarm.picture(counts.peers, counts.transfers, Object.keys(flows).length);
  return (
    <figure class="swarm-mesh">
      <canvas ref={canvas} role="img" aria-label={about} />
      <figcaption class="quiet">{layout.isCrowded ? texts.swarm.crowded : texts.swarm.single}</figcaption>
    </figure>
  );
}
