// What stands for an R2 bucket: it refuses what R2 refuses. `broken` of "put", "get" or "body" lets these fail, one of
// "endless" lets a file stop in the midst of it.

const CHUNK = 4 << 10;

export class Bucket {
  constructor(isSized) {
    this.isSized = isSized;
    this.reset();
  }

  reset() {
    this.objects = new Map();
    this.broken = "";
    this.cancelled = 0;
  }

  async put(key, value, options = {}) {
    if (!(value instanceof ReadableStream && this.isSized(value))) {
      throw new TypeError(
        "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)",
      );
    }
    this.#fail("put");
    const chunks = [];
    for await (const chunk of value) {
      chunks.push(Buffer.from(chunk));
    }
    const bytes = Buffer.concat(chunks);
    this.objects.set(key, { bytes, httpMetadata: { ...options.httpMetadata } });
    return this.#described(key);
  }

  async head(key) {
    return this.objects.has(key) ? this.#described(key) : null;
  }

  async get(key, options = {}) {
    this.#fail("get");
    if (!this.objects.has(key)) {
      return null;
    }
    const { bytes } = this.objects.get(key);
    const { offset = 0, length = bytes.length - offset, ...others } = options.range ?? {};
    if (Object.keys(others).length || offset < 0 || length < 1 || offset >= bytes.length) {
      throw new Error("get: The requested range is not satisfiable (10039)");
    }
    return { ...this.#described(key), body: this.#stream(bytes.subarray(offset, offset + length)) };
  }

  #described(key) {
    const { bytes, httpMetadata } = this.objects.get(key);
    return { key, size: bytes.length, httpMetadata };
  }

  #stream(bytes) {
    let passed = 0;
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        if (passed && this.broken === "body") {
          return controller.error(new Error("Network connection lost."));
        }
        if (passed && this.broken === "endless") {
          return new Promise(() => {});
        }
        const chunk = bytes.subarray(passed, passed + CHUNK);
        passed += chunk.length;
        if (chunk.length) {
          return controller.enqueue(new Uint8Array(chunk));
        }
        controller.close();
        controller.byobRequest?.respond(0);
      },
      cancel: () => {
        this.cancelled += 1;
      },
    });
  }

  #fail(operation) {
    if (this.broken === operation) {
      throw new Error(`${operation}: We encountered an internal error. Please try again. (10001)`);
    }
  }
}
