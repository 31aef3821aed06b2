using System.Threading.Channels;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Removes the contents that no file has any more: once a minute, and immediately after the deletion of a message with files. Once a minute, also
/// removes the files that were uploaded more than <c>Files:UnusedHours</c> ago and were never in a message.
/// </summary>
public sealed class FileMaintenance(ContentStore contents, IFileStore files, ClockGuard clock, IOptions<FilesOptions> options, TimeProvider time, ILogger<FileMaintenance> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // An entry starts a removal without waiting for the next interval. One entry is enough, so the channel drops further entries.
    private readonly Channel<bool> _removals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <exception cref="StorageException">The folder of the contents cannot be used.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await contents.OpenAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        files.FilesRemoved += Wake;
        try
        {
            await Task.WhenAll(RunEachMinuteAsync(stoppingToken), RunAfterDeletionsAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
        finally
        {
            files.FilesRemoved -= Wake;
        }
    }

    private void Wake() => _removals.Writer.TryWrite(true);

    private async Task RunEachMinuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            await TryAsync(async () =>
            {
                if (clock.IsTrusted())
                    await files.RemoveUnusedAsync(time.GetUtcNow() - TimeSpan.FromHours(options.Value.UnusedHours), stoppingToken);
                Wake();
            });
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task RunAfterDeletionsAsync(CancellationToken stoppingToken)
    {
        while (await _removals.Reader.WaitToReadAsync(stoppingToken))
        {
            _removals.Reader.TryRead(out _);
            await TryAsync(() => contents.RemoveUnusedAsync(stoppingToken));
        }
    }

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (StorageException)
        {
            // The storage logs its own errors.
        }
#pragma warning disable CA1031 // an exception of a background service would stop the server; the next interval retries instead
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Log.MaintenanceFailed(logger, fault);
        }
    }
}
