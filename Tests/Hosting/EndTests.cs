using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>An end that does not go as it should is told in one line, and closes what is open all the same.</summary>
public sealed class EndTests
{
    [TestCase(false, 0)]
    [TestCase(true, 1)]
    public async Task A_service_that_does_not_end_in_time_keeps_nothing_from_being_closed(bool isSlow, int exitCode)
    {
        using var data = new TemporaryFolder();
        using var errors = new StringWriter();
        var open = new Open();
        WebApplication? app = null;
        var run = StartUp.RunAsync(
            () => app = Server.Program.Build(
                ["--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--Data:Path", data.Path],
                services =>
                {
                    services.AddLogging(logging => logging.ClearProviders());
                    services.AddSingleton(_ => open);
                    services.AddHostedService(provider => new Ending(provider.GetRequiredService<Open>(), isSlow));
                }),
            errors);
        await Patience.UntilAsync(() => app?.Lifetime.ApplicationStarted.IsCancellationRequested == true, "the start");
        app!.Lifetime.StopApplication();

        (await run.OrFail("the end")).Should().Be(exitCode);
        open.IsClosed.Should().BeTrue();
        if (isSlow)
            errors.ToString().Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("in time");
        else
            errors.ToString().Should().BeEmpty();
        File.Exists(Path.Combine(data.Path, "chat.db-wal")).Should().BeFalse("the storage was closed in order");
    }

    private sealed class Open : IDisposable
    {
        public bool IsClosed { get; private set; }

        public void Dispose() => IsClosed = true;
    }

    // As one that waited until the host lost its patience.
    private sealed class Ending(Open open, bool isSlow) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            open.IsClosed.Should().BeFalse();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) =>
            isSlow ? Task.FromCanceled(new CancellationToken(canceled: true)) : Task.CompletedTask;
    }
}
