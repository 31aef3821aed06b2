using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Webhooks;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>Connections never use the reserved file descriptors of the process.</summary>
[Category(Categories.Slow)] // starts server processes
[Parallelizable(ParallelScope.Self)]
[Platform("Linux")]
public sealed class FileDescriptorTests
{
    private const int MaxOpenFiles = 640;

    // The number of reserved file descriptors with the default settings.
    private static readonly int Reserve = FileDescriptors.GetReserve(new FilesOptions(), new WebhookOptions());

    [TestCase(0, 1024, 512)]
    [TestCase(100, 1024, 100)]
    [TestCase(512, 1024, 512)]
    [TestCase(0, 513, 1)]
    [TestCase(5000, null, 5000)]
    public void Maximum_number_of_connections_leaves_the_reserved_file_descriptors(int setting, int? limit, int expected) => FileDescriptors.GetMaxConnections(setting, limit, Reserve).Should().Be(expected);

    [TestCase(513, 1024, "--Transport:Connections: 513 connections need 1025 open files, but this process may open only 1024; set at most 512")]
    [TestCase(10_000_000, 1024, "--Transport:Connections: 10000000 connections need 10000512 open files")]
    [TestCase(0, 512, "ulimit -n: this process may open only 512 files")]
    [TestCase(1, 64, "ulimit -n: this process may open only 64 files")]
    public void Too_low_limit_of_open_files_is_an_error(int setting, int limit, string message) =>
        FluentActions.Invoking(() => FileDescriptors.GetMaxConnections(setting, limit, Reserve)).Should().Throw<SettingException>().WithMessage($"{message}*");

    [TestCase(true, true, 13)]
    [TestCase(true, false, 10)]
    [TestCase(false, true, 3)]
    public void Concurrent_uploads_and_webhooks_have_reserved_file_descriptors(bool withFiles, bool withWebhooks, int more) =>
        FileDescriptors.GetReserve(new FilesOptions { Enabled = withFiles, Uploads = 5 }, new WebhookOptions { Enabled = withWebhooks, MaxConcurrent = 3 })
            .Should().Be(FileDescriptors.OwnFiles + more);

    [Test]
    public async Task Server_does_not_start_if_the_process_may_not_open_enough_files()
    {
        await using var server = LimitedServer.Start("sockets", "--Transport:Connections", "5000");
        await TestWait.UntilAsync(() => server.HasExited, "the end of the server");
        server.ExitCode.Should().Be(1);
        server.Lines.Should().ContainSingle().Which.Should().StartWith($"--Transport:Connections: 5000 connections need 5512 open files, but this process may open only {MaxOpenFiles}");
    }

    [TestCase("sockets")]
    [TestCase("kestrel")]
    public async Task Server_closes_connections_above_the_limit_of_open_files_and_serves_the_others(string transport)
    {
        await using var server = LimitedServer.Start(transport);
        await TestWait.UntilAsync(() => server.HasExited || server.IsReady, "the server to start");
        var (ann, _) = await ChatClient.JoinAsync(server.Port, "ann");

        var idle = new List<Socket>();
        for (var i = 0; i < MaxOpenFiles; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            idle.Add(socket);
            await ConnectAsync(socket, i % 2 == 0 ? server.Port : server.RawPort);
        }

        // The server allows MaxOpenFiles - Reserve connections, including the connection of ann. So it rejects Reserve + 1 of the MaxOpenFiles idle
        // connections.
        var rejected = Reserve + 1;
        await TestWait.UntilAsync(() => idle.Count(HasEnded) == rejected, () => $"{rejected} connections to end, {idle.Count(HasEnded)} have ended; {string.Join('\n', server.Lines)}");
        await TestWait.UntilAsync(() => server.RejectionLines.Any(), "the warning");
        await ann.SayAsync("still here");
        server.RejectionLines.Should().ContainSingle("the server logs one line a minute").Which.Should().Contain($"maximum of {MaxOpenFiles - Reserve} ");
        server.HasExited.Should().BeFalse();

        foreach (var socket in idle)
            socket.Dispose();
        await TestWait.UntilAsync(() => server.OpenFiles < FileDescriptors.OwnFiles, "the server to close its side of the connections");
        var (bob, _) = await ChatClient.JoinAsync(server.Port, "bob");
        await ann.SayAsync("hello");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "hello");
        await bob.DisposeAsync();
        await ann.DisposeAsync();
    }

    private static async Task ConnectAsync(Socket socket, int port)
    {
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
        {
            // The server closed the connection before this call returned.
            socket.Dispose();
        }
    }

    private static bool HasEnded(Socket socket) => socket.SafeHandle.IsClosed || socket.Poll(0, SelectMode.SelectRead);

    /// <summary>A server process that may open <see cref="MaxOpenFiles"/> files.</summary>
    private sealed class LimitedServer : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly TemporaryFolder _data = new();
        private readonly List<string> _lines = [];

        private LimitedServer(string transport, string[] settings)
        {
            (Port, RawPort) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
            string[] arguments =
            [
                "-c", $"ulimit -n {MaxOpenFiles}; exec dotnet \"$@\"", "bash", typeof(Server.Program).Assembly.Location, "--urls", $"http://127.0.0.1:{Port}", "--RawTcp:Port", $"{RawPort}",
                "--Data:Path", _data.Path, "--Transport:Kind", transport, .. settings,
            ];
            _process = Process.Start(new ProcessStartInfo("bash", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() })!;
            _process.OutputDataReceived += (_, line) => Add(line.Data);
            _process.ErrorDataReceived += (_, line) => Add(line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public int Port { get; }

        public int RawPort { get; }

        public bool IsReady => Lines.Any(line => line.StartsWith("To join", StringComparison.Ordinal));

        /// <summary>The number of files that the server has open.</summary>
        public int OpenFiles => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;

        public bool HasExited => _process.HasExited;

        public int ExitCode => _process.ExitCode;

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                    return [.. _lines];
            }
        }

        public IEnumerable<string> RejectionLines => Lines.Where(line => line.Contains("open connections is reached", StringComparison.Ordinal));

        public static LimitedServer Start(string transport, params string[] settings) => new(transport, settings);

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
            _data.Dispose();
        }

        private void Add(string? line)
        {
            if (string.IsNullOrEmpty(line))
                return;
            lock (_lines)
                _lines.Add(line);
        }
    }
}
