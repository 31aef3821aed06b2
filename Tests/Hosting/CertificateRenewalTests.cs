using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>Certificates run out, and are replaced under a running server.</summary>
public sealed class CertificateRenewalTests
{
    private FakeTimeProvider _time = null!;
    private TemporaryFolder _folder = null!;
    private string _certificateFile = null!;
    private string _keyFile = null!;

    [SetUp]
    public void MakeFolder()
    {
        _time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _folder = new TemporaryFolder();
        _certificateFile = Path.Combine(_folder.Path, "c.pem");
        _keyFile = Path.Combine(_folder.Path, "k.pem");
    }

    [TearDown]
    public void DropFolder() => _folder.Dispose();

    [Test]
    public async Task A_replaced_file_is_served_a_minute_later_and_who_was_connected_stays()
    {
        var first = Replace();
        await using var server = await StartAsync("--Tls:Certificate", _certificateFile, "--Tls:Key", _keyFile, "--Connections:PingSeconds", "3600");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby", tls: first);

        var second = Replace();
        _time.Advance(TimeSpan.FromSeconds(59));
        (await ShownByAsync(server)).Should().Be(first.Thumbprint, "the files are looked at once a minute");
        _time.Advance(TimeSpan.FromSeconds(1));
        (await ShownByAsync(server)).Should().Be(second.Thumbprint);

        await ann.SayAsync("still here");
        ann.Closed.IsCompleted.Should().BeFalse();
    }

    [Test]
    public async Task A_link_that_points_elsewhere_is_followed()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "live"));
        var (certificateLink, keyLink) = (Path.Combine(_folder.Path, "live", "fullchain.pem"), Path.Combine(_folder.Path, "live", "privkey.pem"));
        Replace();
        File.CreateSymbolicLink(certificateLink, _certificateFile);
        File.CreateSymbolicLink(keyLink, _keyFile);
        await using var server = await StartAsync("--Tls:Certificate", certificateLink, "--Tls:Key", keyLink);

        (_certificateFile, _keyFile) = (_certificateFile + "2", _keyFile + "2");
        var second = Replace();
        foreach (var (link, target) in new[] { (certificateLink, _certificateFile), (keyLink, _keyFile) })
        {
            File.Delete(link);
            File.CreateSymbolicLink(link, target);
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        (await ShownByAsync(server)).Should().Be(second.Thumbprint);
    }

    [Test]
    public async Task With_half_of_a_pair_written_the_old_one_goes_on()
    {
        var first = Replace();
        await using var server = await StartAsync("--Tls:Certificate", _certificateFile, "--Tls:Key", _keyFile);
        var oldKey = await File.ReadAllTextAsync(_keyFile);
        var second = Replace();
        var newKey = await File.ReadAllTextAsync(_keyFile);
        await File.WriteAllTextAsync(_keyFile, oldKey);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await ShownByAsync(server)).Should().Be(first.Thumbprint);

        File.Delete(_keyFile);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await ShownByAsync(server)).Should().Be(first.Thumbprint);

        await File.WriteAllTextAsync(_keyFile, newKey);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await ShownByAsync(server)).Should().Be(second.Thumbprint);
    }

    [Test]
    public async Task A_development_certificate_is_made_anew_a_month_before_it_runs_out()
    {
        await using var server = await StartAsync("--Data:Durability", "none");
        var first = await ShownByAsync(server);
        _time.Advance(TimeSpan.FromDays(334));
        (await ShownByAsync(server)).Should().Be(first);
        _time.Advance(TimeSpan.FromDays(2));
        var second = await ShownByAsync(server);
        second.Should().NotBe(first);
        _time.Advance(TimeSpan.FromDays(10));
        (await ShownByAsync(server)).Should().Be(second);
    }

    private Task<ServerUnderTest> StartAsync(params string[] settings) =>
        ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(_time), ["--urls", "https://127.0.0.1:0", .. settings]);

    private X509Certificate2 Replace()
    {
        using var key = TestCertificates.NewKey();
        var certificate = TestCertificates.Make(key);
        File.WriteAllText(_certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(_keyFile, TestCertificates.PemOf(key));
        return certificate;
    }

    /// <summary>What the server shows to a newcomer, as a thumbprint.</summary>
    private static async Task<string> ShownByAsync(ServerUnderTest server)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", server.HttpPort);
        await using var tls = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => shown is not null);
        await tls.AuthenticateAsClientAsync("127.0.0.1").OrFail("the handshake");
        return tls.RemoteCertificate!.GetCertHashString();
    }
}
