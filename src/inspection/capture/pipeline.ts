import type { AppSink, AppSource, BusMessage, Pipeline } from "gstreamer-superficial";
import { messageOf } from "../../domain/errors.ts";
import { BusWatch } from "./bus-watch.ts";
import { parseGdp, type GdpBuffer } from "./gdp.ts";
import { appSink, appSource, type GStreamer } from "./gstreamer.ts";
import { ELEMENTS } from "./launch.ts";

/** Why a pipeline gives no more frames. Codes: `pipeline-error`, `eos`, `wrong-caps`, `bad-gdp`, `stalled`. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  /** GStreamer's debug words: file, function, system error. */
  readonly debug?: string;
}

const MAX_BUS_THREADS = 12; // of UV_THREADPOOL_SIZE 24 (camera.ts)

export interface PipelineListener {
  readonly onFrame: (buffer: GdpBuffer) => void;
  readonly onEvidence: (buffer: GdpBuffer) => void;
  readonly onCaps: (caps: string) => void;
  readonly onFault: (fault: Fault) => void;
}

/**
 * One GStreamer pipeline for the life of the process: each new Pipeline object leaks about 9 MB and 4 file descriptors,
 * `stop()` and `play()` on the same one do not (platform.md §2.2).
 */
export class CapturePipeline {
  readonly #pipeline: Pipeline;
  readonly #frames: SinkReader;
  readonly #evidence: SinkReader;
  readonly #source: AppSource | null;
  readonly #bus: BusWatch;
  readonly #listener: PipelineListener;
  #playing = false;

  constructor(gstreamer: GStreamer, launch: string, listener: PipelineListener) {
    this.#listener = listener;
    this.#pipeline = gstreamer.parseLaunch(launch);
    this.#pipeline["auto-flush-bus"] = false; // else stop() throws away the error that we stopped for
    this.#source = launch.includes(`appsrc name=${ELEMENTS.source} `)
      ? appSource(this.#pipeline, ELEMENTS.source)
      : null;
    this.#frames = new SinkReader(appSink(this.#pipeline, ELEMENTS.frames), {
      onBytes: (bytes) => {
        this.#read(bytes, (buffer) => {
          this.#bus.running();
          listener.onFrame(buffer);
        });
      },
      onEnd: () => {
        listener.onFault({ code: "eos", message: "the stream has ended" });
      },
    });
    this.#evidence = new SinkReader(appSink(this.#pipeline, ELEMENTS.evidence), {
      onBytes: (bytes) => {
        this.#read(bytes, listener.onEvidence);
      },
      onEnd: () => undefined, // the frames' sink tells
    });
    this.#bus = new BusWatch(this.#pipeline, (message) => {
      this.#onBus(message);
    });
  }

  /** Pool threads taken by bus polls that cannot be ended; grows by one with some failed starts. */
  get busThreads(): number {
    return this.#bus.threads;
  }

  /** More parked bus polls would starve libuv's pool: time for a new process. */
  get isWorn(): boolean {
    return this.#bus.threads > MAX_BUS_THREADS;
  }

  /** Starts; a failure arrives as a fault. Blocks until GStreamer has changed the state. */
  play(): void {
    this.#bus.starting();
    this.#playing = true;
    this.#pipeline.play();
    this.#frames.start();
    this.#evidence.start();
  }

  /** Stops; faults that the bus still holds arrive afterwards. Blocks likewise. */
  stop(): void {
    this.#playing = false;
    this.#frames.stop();
    this.#evidence.stop();
    this.#pipeline.stop();
    this.#bus.stopped();
  }

  /** Feeds the appsrc: RGB8 of model size, time stamp in ns. */
  push(data: Uint8Array, ptsNs: number): void {
    const pts = Buffer.alloc(8);
    pts.writeBigUInt64BE(BigInt(ptsNs));
    this.#source?.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength), pts);
  }

  #read(bytes: Uint8Array, onBuffer: (buffer: GdpBuffer) => void): void {
    try {
      for (const packet of parseGdp(bytes)) {
        if (!this.#playing) return;
        if (packet.kind === "buffer") onBuffer(packet);
        if (packet.kind === "caps" && onBuffer !== this.#listener.onEvidence)
          this.#listener.onCaps(packet.caps);
      }
    } catch (error) {
      this.#listener.onFault({ code: "bad-gdp", message: messageOf(error) });
    }
  }

  #onBus(message: BusMessage): void {
    if (message.type !== "error") return;
    const source = message._src_element_name ?? "pipeline";
    const isFormat = /not-negotiated|\bcaps\b/i.test(`${message.message ?? ""} ${message.debug ?? ""}`);
    this.#listener.onFault({
      code: isFormat ? "wrong-caps" : "pipeline-error",
      message: `${source}: ${message.message ?? "unknown error"}`,
      ...(message.debug === undefined ? {} : { debug: message.debug }),
    });
  }
}

/** Pulls one sink for as long as it is started. A null ends the pulling: the next pull would be null at once, a busy loop. */
class SinkReader {
  readonly #sink: AppSink;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #onEnd: () => void;
  #run = 0;
  #active = false;
  #pending = false;

  constructor(sink: AppSink, listener: { onBytes: (bytes: Uint8Array) => void; onEnd: () => void }) {
    this.#sink = sink;
    this.#onBytes = listener.onBytes;
    this.#onEnd = listener.onEnd;
  }

  start(): void {
    this.#active = true;
    this.#run++;
    if (!this.#pending) this.#pull();
  }

  stop(): void {
    this.#active = false;
  }

  #pull(): void {
    const run = this.#run;
    this.#pending = true;
    this.#sink.pull((bytes) => {
      this.#pending = false;
      if (!this.#active) return;
      if (bytes !== null) this.#onBytes(bytes);
      else if (run === this.#run) {
        this.#active = false;
        this.#onEnd();
      }
      // bytes' listener may have stopped us, or stopped and started; a null of an earlier run says nothing of this one
      if (this.#shouldPull()) this.#pull();
    });
  }

  #shouldPull(): boolean {
    return this.#active && !this.#pending;
  }
}
