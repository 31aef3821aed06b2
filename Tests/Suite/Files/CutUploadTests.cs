using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Files;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Files;

/// <summary>The server stores nothing of an upload that is incomplete or too slow.</summary>
public sealed class CutUploadTests
{
    private const int ContentLength = 200_000;

    [Test]
    public async Task Upload_that_is_cut_at_different_bytes_leaves_nothing([Values] bool isForm, [Values] bool isReset)
    {
        using var folder = new TemporaryFolder();
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path, "--Limits:Enabled", "false"))
        {
            using var ann = await FileClient.StartAsync(server.HttpPort);
            var request = isForm ? CreateForm(ann.Http.Token!) : CreateRaw(ann.Http.Token!);
            var offsets = Enumerable.Range(0, 40).Select(i => i * (request.Length - 1) / 39).Concat(Enumerable.Range(request.Length - 40, 40)).Distinct();
            await Task.WhenAll(offsets.Select(offset => SendAsync(server.HttpPort, request.AsMemory(0, offset), isReset)));
            await TestWait.UntilAsync(() => server.Services.GetRequiredService<UploadGate>().ActiveCount == 0 && server.ListContents().Length == 0, () => string.Join('\n', server.ListContents()));
        }

        StoredContents.ListContents(ContentFolder.Of(folder.Path).Path).Should().BeEmpty();
        await using var next = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        (await next.Services.GetRequiredService<IFileStore>().GetContentBytesAsync(default)).Should().Be(0);
    }

    [Test]
    public async Task Client_gets_an_error_if_it_shuts_down_its_sending_side_before_the_end_of_the_body()
    {
        await using var server = await ServerUnderTest.StartAsync();
        using var ann = await FileClient.StartAsync(server.HttpPort);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.HttpPort);
        var stream = client.GetStream();
        await stream.WriteAsync(CreateRaw(ann.Http.Token!).AsMemory(0, 50_000));
        client.Client.Shutdown(SocketShutdown.Send);
        var answer = await new StreamReader(stream).ReadToEndAsync().OrFail("the answer");
        answer.Should().StartWith("HTTP/1.1 400").And.Contain("\"code\":\"bad-frame\"");
        server.ListContents().Should().BeEmpty();
    }

    [Test]
    public async Task Server_ends_an_upload_that_is_too_slow()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Files:MinBytesPerSecond", "1000", "--Http:GraceSeconds", "3600");
        using var ann = await FileClient.StartAsync(server.HttpPort);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.HttpPort);
        // The server allows 30 seconds, and one more second for each 1,000 bytes. So these 10,000 bytes allow 40 seconds.
        var request = CreateRaw(ann.Http.Token!);
        await client.GetStream().WriteAsync(request.AsMemory(0, request.Length - ContentLength + 10_000));
        await TestWait.UntilAsync(() => GetIncomingBytes(server) == 10_000, "the first bytes");
        time.Advance(TimeSpan.FromSeconds(39));
        await client.GetStream().WriteAsync(request.AsMemory(request.Length - ContentLength + 10_000, 1_000));
        await TestWait.UntilAsync(() => GetIncomingBytes(server) == 11_000, "more bytes");
        var reading = new StreamReader(client.GetStream()).ReadToEndAsync();
        await TestWait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return reading.IsCompleted;
            },
            "the end of the request");
        (await reading).Should().StartWith("HTTP/1.1 408").And.Contain("too slow").And.Contain("1000 bytes per second");
        server.ListContents().Should().BeEmpty();
    }

    [Test]
    public async Task Server_removes_the_incomplete_uploads_of_a_killed_server_when_it_starts()
    {
        using var folder = new TemporaryFolder();
        var contents = ContentFolder.Of(folder.Path);
        AttachedFile file;
        var content = TestContents.Random(1_000, seed: 1);
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", folder.Path))
        {
            using var ann = await FileClient.StartAsync(server.HttpPort);
            file = await ann.UploadAsync(content);
        }

        // Create the files that a killed server leaves in three cases. The server has received only a part of the body. The content has been
        // moved but is not in the database. The content is in the database, but the server has not deleted the pending file.
        var lost = new string('e', 64);
        await File.WriteAllBytesAsync(Path.Combine(contents.Incoming, "x.part"), new byte[100]);
        foreach (var hash in (string[])[lost, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))])
            await File.WriteAllBytesAsync(Path.Combine(contents.Incoming, $"{hash}.1.pending"), []);
        Directory.CreateDirectory(Path.GetDirectoryName(contents.GetPath(lost))!);
        await File.WriteAllBytesAsync(contents.GetPath(lost), [1]);
        await File.WriteAllBytesAsync(contents.GetPreviewPath(lost), [1]);

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        next.ListContents().Should().ContainSingle();
        (await next.Services.GetRequiredService<IFileStore>().FindAsync(file.Id, default)).Should().NotBeNull();
        File.Exists(contents.GetPath(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)))).Should().BeTrue();
    }

    private static long GetIncomingBytes(ServerUnderTest server) =>
        Directory.Exists(server.GetContents().Incoming) ? Directory.GetFiles(server.GetContents().Incoming).Sum(file => new FileInfo(file).Length) : 0;

    private static async Task SendAsync(int port, ReadOnlyMemory<byte> bytes, bool isReset)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(bytes);
        if (isReset)
            client.LingerState = new LingerOption(true, 0);
    }

    private static byte[] CreateRaw(string token) =>
        [.. Encoding.ASCII.GetBytes($"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nX-File-Name: a.bin\r\nContent-Length: {ContentLength}\r\n\r\n"), .. TestContents.Random(ContentLength, seed: 7)];

    private static byte[] CreateForm(string token)
    {
        byte[] body = [.. "--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n"u8, .. TestContents.Random(ContentLength, seed: 7), .. "\r\n--b--\r\n"u8];
        return [.. Encoding.ASCII.GetBytes($"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {body.Length}\r\n\r\n"), .. body];
    }
}

/// <summary>A server that is killed during uploads keeps the acknowledged files, and keeps no content that is not in the database.</summary>
[Category(Categories.Slow)] // starts and kills server processes
[Parallelizable(ParallelScope.Self)]
public sealed class KilledUploadTests
{
    [Test]
    public async Task Killed_server_loses_no_acknowledged_file_and_keeps_no_incomplete_content()
    {
        using var folder = new TemporaryFolder();
        var acknowledged = new List<(AttachedFile File, byte[] Content)>();
        var token = "";
        for (var round = 0; round < 3; round++)
        {
            await using var server = await ServerProcess.StartAsync("--urls", "http://127.0.0.1:0", "--RawTcp:Port", "0", "--Data:Path", folder.Path, "--Limits:Enabled", "false");
            var port = server.GetHttpPort();
            using var ann = await FileClient.StartAsync(port);
            token = token.Length > 0 ? token : ann.Http.Token!;
            ann.Http.Token = token;
            var sending = Enumerable.Range(0, 8).Select(number => SendUntilKilledAsync(ann, round * 8 + number)).ToList();
            await TestWait.UntilAsync(() => acknowledged.Count > (round + 1) * 10, "some uploads");
            await server.KillAsync();
            await Task.WhenAll(sending);
        }

        await using var last = await ServerUnderTest.StartAsync("--Data:Path", folder.Path);
        using var reader = await FileClient.StartAsync(last.HttpPort);
        reader.Http.Token = token;
        foreach (var (file, content) in acknowledged)
            (await reader.DownloadAsync(file)).Bytes.Should().Equal(content);
        Directory.GetFiles(last.GetContents().Incoming).Should().BeEmpty();
        foreach (var hash in last.GetContents().ListHashes())
            (await last.Services.GetRequiredService<IFileStore>().FindContentBytesAsync(hash, default)).Should().NotBeNull();

        async Task SendUntilKilledAsync(FileClient ann, int seed)
        {
            try
            {
                for (var number = 0; ; number++)
                {
                    var content = TestContents.Random(300_000, seed * 1_000 + number);
                    var file = await ann.UploadAsync(content);
                    lock (acknowledged)
                        acknowledged.Add((file, content));
                }
            }
            catch (Exception fault) when (fault is HttpRequestException or IOException or AssertionException)
            {
                // The server was killed.
            }
        }
    }
}
