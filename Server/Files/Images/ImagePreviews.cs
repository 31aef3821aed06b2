using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Files.Images;

/// <summary>
/// Creates previews of images, one at a time, in a separate process (<see cref="PreviewProgram"/>). The process starts with the first image, and ends
/// when it is not used for <c>Images:IdleSeconds</c>. A process that takes too long, or that ends, is replaced when it is needed again. Thread-safe.
/// </summary>
public sealed class ImagePreviews : IDisposable
{
    private readonly ImageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ImagePreviews> _logger;
    private readonly LogLimit _log;
    private readonly Func<PreviewProcess> _start;
    private readonly FairGate _turns;
    private readonly ITimer _idle;
    private PreviewProcess? _process;
    private bool _isDisposed;

    public ImagePreviews(IOptions<ImageOptions> options, TimeProvider time, ILogger<ImagePreviews> logger)
        : this(options, time, logger, PreviewProcess.Start)
    {
    }

    internal ImagePreviews(IOptions<ImageOptions> options, TimeProvider time, ILogger<ImagePreviews> logger, Func<PreviewProcess> start)
    {
        (_options, _time, _logger, _start, _log, _turns) = (options.Value, time, logger, start, LogLimit.CreateUsual(time), new FairGate(places: 1, time));
        _idle = time.CreateTimer(_ => EndIdleProcess(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Creates the preview of an image. Only one image is decoded at a time. Waiting calls run round-robin by the uploader's address.
    /// </summary>
    /// <param name="remote">The uploader's address and port.</param>
    /// <param name="image">The full path of the image.</param>
    /// <param name="orientation">How browsers turn and mirror the image, 1 to 8.</param>
    /// <param name="preview">
    /// The full path of the preview. The file must not exist. After this call, it exists if and only if the result is not null.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the turn, and the work.</param>
    /// <returns>The size of the image. Null if the image gets no preview: it cannot be decoded, is too large, or takes too long.</returns>
    public async Task<ImageSize?> CreateAsync(string remote, string image, int orientation, string preview, CancellationToken cancellationToken)
    {
        if (!_options.Previews)
            return null;
        using var turn = await _turns.EnterAsync(remote, Timeout.InfiniteTimeSpan, cancellationToken);
        ImageSize? created = null;
        try
        {
            created = await AskAsync(new PreviewRequest(image, preview, orientation, _options.MaxPixels, _options.PreviewSide, _options.PreviewBytes), cancellationToken);
            return created;
        }
        finally
        {
            if (created is null)
                File.Delete(preview);
            _idle.Change(TimeSpan.FromSeconds(_options.IdleSeconds), Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _idle.Dispose();
        EndProcess();
    }

    private async Task<ImageSize?> AskAsync(PreviewRequest request, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(_options.MaxSeconds), _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var answer = await AskAsync(request, isNewProcess: _process is null, end.Token);
            return answer is { Width: > 0, Height: > 0 } ? new ImageSize(answer.Width, answer.Height) : null;
        }
        catch (OperationCanceledException)
        {
            EndProcess();
            cancellationToken.ThrowIfCancellationRequested();
            LogFailure($"it took more than {_options.MaxSeconds} seconds");
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException or System.Text.Json.JsonException)
        {
            EndProcess();
            LogFailure(fault.Message);
        }

        return null;
    }

    private async Task<PreviewAnswer> AskAsync(PreviewRequest request, bool isNewProcess, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _process ??= _start();
        try
        {
            return await _process.AskAsync(request, cancellationToken);
        }
        catch (IOException) when (!isNewProcess)
        {
            // Something may have ended the process since the last image. A new process can still decode the present image.
            EndProcess();
            File.Delete(request.Preview);
            return await AskAsync(request, isNewProcess: true, cancellationToken);
        }
    }

    private void LogFailure(string reason)
    {
        if (_log.TryTake(out var dropped))
            Log.NoPreview(_logger, reason, dropped);
    }

    private void EndIdleProcess()
    {
        // If the turn is taken, an image is being decoded, so the process is not idle. The timer starts again when this image is done.
        if (_turns.TryEnter() is not { } turn)
            return;
        EndProcess();
        turn.Dispose();
    }

    private void EndProcess() => Interlocked.Exchange(ref _process, null)?.Dispose();
}

/// <summary>The size of an image in pixels, as viewers show it.</summary>
public sealed record ImageSize(int Width, int Height);
