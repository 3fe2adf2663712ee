// Samples to a WAV file, and to the outline of a waveform. Pure functions: no page, no network.

// 16-bit PCM, one channel, of samples within -1..1.
export function wav(samples, rate) {
  const bytes = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => Array.from(word).forEach((mark, n) => bytes.setUint8(at + n, mark.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true);
  bytes.setUint16(20, 1, true);
  bytes.setUint16(22, 1, true);
  bytes.setUint32(24, rate, true);
  bytes.setUint32(28, 2 * rate, true);
  bytes.setUint16(32, 2, true);
  bytes.setUint16(34, 16, true);
  text(36, "data");
  bytes.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, n) => {
    const within = Math.max(-1, Math.min(1, sample));
    bytes.setInt16(44 + 2 * n, Math.round(within * 32767), true);
  });
  return bytes.buffer;
}

// The mean of all channels.
export function mixed(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, n) => channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length);
}

// [low, high] of each of `count` equal stretches.
export function outline(samples, count) {
  return Array.from({ length: count }, (_, n) => {
    const part = samples.subarray(Math.floor((n * samples.length) / count), Math.ceil(((n + 1) * samples.length) / count));
    let [low, high] = [0, 0];
    for (const sample of part) {
      if (sample < low) low = sample;
      if (sample > high) high = sample;
    }
    return [low, high];
  });
}
