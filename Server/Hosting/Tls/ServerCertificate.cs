using System.Net.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// The certificate of all <c>https</c> addresses, as it is at each moment: what was renewed on the disk is served from the
/// next minute on, without a restart, to who connects then.
/// </summary>
public sealed class ServerCertificate
{
    // Looked at by whoever connects, and compared by content: no timer, no watcher, and a link that now points elsewhere
    // (certbot) is seen as well as a file that was written over.
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly CertificateFile? _file;
    private readonly DevelopmentCertificate? _development;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ServedCertificate _served;
    private (byte[] Certificate, byte[]? Key) _contents;
    private string? _fault;
    private long _lookedAt;

    /// <exception cref="SettingException">It cannot be served.</exception>
    public ServerCertificate(
        IOptions<TlsOptions> options,
        IOptions<DataOptions> data,
        IConfiguration configuration,
        IServiceProvider services,
        TimeProvider time,
        ILogger<ServerCertificate> logger)
    {
        _time = time;
        _logger = logger;
        _lookedAt = time.GetTimestamp();
        if (options.Value.IsGiven)
        {
            _file = new CertificateFile(options.Value);
            _contents = _file.Read();
            _served = _file.Open(_contents, time.GetUtcNow());
        }
        else
        {
            // The folder is asked of who takes it: it is made private then, and no other server is in it.
            var folder = data.Value.Durability == Durability.None ? null : services.GetRequiredService<SqliteStorage>().Folder;
            _development = new DevelopmentCertificate(folder, Listening.UrlsOf(configuration).Select(url => BindingAddress.Parse(url).Host));
            _served = _development.Get(time.GetUtcNow());
        }
    }

    /// <summary>True where the server made it, and browsers warn of it.</summary>
    public bool IsDevelopment => _development is not null;

    public ServedCertificate Current
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookEvery && _gate.TryEnter())
            {
                try
                {
                    Look();
                    Volatile.Write(ref _lookedAt, _time.GetTimestamp());
                }
                finally
                {
                    _gate.Exit();
                }
            }

            return Volatile.Read(ref _served);
        }
    }

    public SslServerAuthenticationOptions ForHandshake() => new() { ServerCertificateContext = Current.Context };

    // What cannot be served is told once, and the old one goes on: half of a pair of files may be written already.
    private void Look()
    {
        try
        {
            var served = _file is null ? Renewed() : Changed(_file);
            _fault = null;
            if (served is null)
                return;
            Volatile.Write(ref _served, served);
            Log.Renewed(_logger, served.Expires);
        }
        catch (SettingException fault)
        {
            if (_fault != fault.Message)
                Log.NotRenewed(_logger, fault.Message, _served.Expires);
            _fault = fault.Message;
        }
    }

    private ServedCertificate? Renewed() =>
        _served.Expires - _time.GetUtcNow() > DevelopmentCertificate.RenewWithin ? null : _development!.Get(_time.GetUtcNow());

    private ServedCertificate? Changed(CertificateFile file)
    {
        var contents = file.Read();
        if (contents.Certificate.AsSpan().SequenceEqual(_contents.Certificate) && contents.Key.AsSpan().SequenceEqual(_contents.Key))
            return null;
        var served = file.Open(contents, _time.GetUtcNow());
        _contents = contents;
        return served;
    }
}
