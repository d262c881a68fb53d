/// The way from token ids to unit vectors.
///
/// Owns: the order of the steps. Must never: allocate, or let one text of a pass see another: only attention mixes tokens,
/// and it runs text by text, so a text's vector has the same bits whatever it shares a pass with.
import CTensorKernels

/// What one pass writes on the way, for up to `tokensMax` tokens. Belongs to one thread at a time.
final class MiniLMScratch: @unchecked Sendable {
    // Sendable: handed from thread to thread by `ScratchPool` only, which lends it to one caller at a time.

    /// As many tokens as the longest text has. More would leave the second-level cache (measured: no faster).
    static let tokensMax = WordPiece.tokensMax

    /// The tokens' state between two steps.
    let state: UnsafeMutablePointer<Float>
    /// The result of a step that is to be added to the state.
    let change: UnsafeMutablePointer<Float>
    /// The widest intermediate: queries, keys and values, later the inner layer.
    let wide: UnsafeMutablePointer<Float>
    let attention: UnsafeMutablePointer<Float>
    private let arena: FloatArena

    init() {
        let counts = [
            MiniLMScratch.tokensMax * MiniLMModel.width, MiniLMScratch.tokensMax * MiniLMModel.width,
            MiniLMScratch.tokensMax * max(MiniLMModel.innerWidth, 3 * MiniLMModel.width),
            mneme_attention_scratch_count(MiniLMScratch.tokensMax),
        ]
        arena = FloatArena(counts: counts)
        state = arena.take(counts[0])
        change = arena.take(counts[1])
        wide = arena.take(counts[2])
        attention = arena.take(counts[3])
    }
}

extension MiniLMModel {
    /// Embeds several texts in one pass.
    /// - Parameters:
    ///   - texts: token ids, each below `vocabularyCount`; all together at most `MiniLMScratch.tokensMax`.
    ///   - output: called once per text, in order, with a vector of `width` floats that is overwritten afterwards.
    func embed(_ texts: ArraySlice<[Int32]>, scratch: MiniLMScratch, output: (UnsafePointer<Float>) -> Void) {
        let count = texts.reduce(0) { $0 + $1.count }
        precondition(count <= MiniLMScratch.tokensMax, "more tokens in one pass than the scratch was made for")
        lookUp(texts, scratch: scratch)
        for layer in layers {
            apply(layer.joined, to: scratch.state, count, width, 3 * width, into: scratch.wide)
            var offset = 0
            for text in texts {
                kernels.attention(
                    scratch.wide + offset * 3 * width, text.count, MiniLMModel.headCount, scratch.attention,
                    scratch.change + offset * width)
                offset += text.count
            }
            // The attention's output is in `change`; its projection goes where queries, keys and values were.
            apply(layer.attentionOutput, to: scratch.change, count, width, width, into: scratch.wide)
            normalize(scratch.state, plus: scratch.wide, count, by: layer.attentionNorm)
            apply(layer.up, to: scratch.state, count, width, innerWidth, MNEME_ACTIVATION_GELU, into: scratch.wide)
            apply(layer.down, to: scratch.wide, count, innerWidth, width, into: scratch.change)
            normalize(scratch.state, plus: scratch.change, count, by: layer.outputNorm)
        }
        var offset = 0
        for text in texts {
            kernels.mean_unit(scratch.state + offset * width, text.count, width, scratch.change)
            output(scratch.change)
            offset += text.count
        }
    }

    private var width: Int { MiniLMModel.width }
    private var innerWidth: Int { MiniLMModel.innerWidth }

    private func lookUp(_ texts: ArraySlice<[Int32]>, scratch: MiniLMScratch) {
        var row = scratch.state
        for text in texts {
            for (position, token) in text.enumerated() {
                precondition((0..<MiniLMModel.vocabularyCount).contains(Int(token)), "a token the model does not know")
                kernels.add_normalize(
                    words + Int(token) * width, positions + position * width, 1, width, inputNorm.gain, inputNorm.shift,
                    MiniLMModel.epsilon, row)
                row += width
            }
        }
    }

    private func apply(
        _ step: Linear, to input: UnsafePointer<Float>, _ rows: Int, _ inputs: Int, _ outputs: Int,
        _ activation: mneme_activation = MNEME_ACTIVATION_NONE, into output: UnsafeMutablePointer<Float>
    ) {
        kernels.linear(input, rows, inputs, step.weights, step.bias, outputs, activation, output)
    }

    private func normalize(
        _ state: UnsafeMutablePointer<Float>, plus change: UnsafePointer<Float>, _ rows: Int, by norm: Norm
    ) {
        kernels.add_normalize(state, change, rows, width, norm.gain, norm.shift, MiniLMModel.epsilon, state)
    }
}
