using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>If a shutdown fails, the server reports the failure in one line and still closes the storage.</summary>
public sealed class ShutdownTests
{
    [TestCase(false, 0)]
    [TestCase(true, 1)]
    public async Task Server_closes_the_storage_whether_services_stop_in_time_or_not(bool isSlow, int exitCode)
    {
        using var data = new TemporaryFolder();
        using var errors = new StringWriter();
        var resource = new OpenResource();
        WebApplication? app = null;
        var run = ServerRunner.RunAsync(
            () => app = Server.Program.Build(
                ["--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--Data:Path", data.Path],
                services =>
                {
                    services.AddLogging(logging => logging.ClearProviders());
                    services.AddSingleton(_ => resource);
                    services.AddHostedService(provider => new StoppingService(provider.GetRequiredService<OpenResource>(), isSlow));
                }),
            errors);
        await TestWait.UntilAsync(() => app?.Lifetime.ApplicationStarted.IsCancellationRequested == true, "the server to start");
        app!.Lifetime.StopApplication();

        (await run.OrFail("the shutdown")).Should().Be(exitCode);
        resource.IsClosed.Should().BeTrue();
        if (isSlow)
            errors.ToString().Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("in time");
        else
            errors.ToString().Should().BeEmpty();
        File.Exists(Path.Combine(data.Path, "chat.db-wal")).Should().BeFalse("an orderly close removes the write-ahead log");
    }

    private sealed class OpenResource : IDisposable
    {
        public bool IsClosed { get; private set; }

        public void Dispose() => IsClosed = true;
    }

    // If isSlow is true, StopAsync fails as if the service had not stopped before the host's shutdown timeout.
    private sealed class StoppingService(OpenResource resource, bool isSlow) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            resource.IsClosed.Should().BeFalse();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) =>
            isSlow ? Task.FromCanceled(new CancellationToken(canceled: true)) : Task.CompletedTask;
    }
}
