using System.Net.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// The certificate of all <c>https</c> addresses. When the certificate's files change, new connections get the new certificate within a
/// minute, without a restart. Thread-safe.
/// </summary>
public sealed class ServerCertificate
{
    // The minimum time between two checks for a changed certificate. A new connection triggers a check, so there is no timer and no file
    // watcher. The check compares the contents of the files. So it detects an overwritten file, and also a symbolic link that now points to
    // another file (certbot).
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly CertificateFile? _file;
    private readonly DevelopmentCertificate? _development;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private ServedCertificate _served;
    private (byte[] Certificate, byte[]? Key) _contents;
    private string? _lastError;
    private long _lastCheck;

    /// <exception cref="SettingException">The certificate cannot be used.</exception>
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
        _lastCheck = time.GetTimestamp();
        if (options.Value.HasCertificate)
        {
            _file = new CertificateFile(options.Value);
            _contents = _file.Read();
            _served = _file.Open(_contents, time.GetUtcNow());
        }
        else
        {
            // Take the folder from SqlStorage, not from the setting: SqlStorage has locked the folder and made it private.
            var folder = data.Value.Durability == Durability.None ? null : services.GetRequiredService<SqlStorage>().Folder;
            _development = new DevelopmentCertificate(folder, ListenerSetup.GetUrls(configuration).Select(url => BindingAddress.Parse(url).Host));
            _served = _development.Get(time.GetUtcNow());
        }
    }

    /// <summary>True if the server has created the certificate itself. Browsers warn about such a certificate.</summary>
    public bool IsDevelopment => _development is not null;

    public ServedCertificate Current
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lastCheck)) >= CheckInterval && _gate.TryEnter())
            {
                try
                {
                    RenewIfDue();
                    Volatile.Write(ref _lastCheck, _time.GetTimestamp());
                }
                finally
                {
                    _gate.Exit();
                }
            }

            return Volatile.Read(ref _served);
        }
    }

    public SslServerAuthenticationOptions CreateHandshakeOptions() => new() { ServerCertificateContext = Current.Context };

    // Loads a changed certificate, or renews the development certificate, and serves it. The caller holds _gate. The new certificate may be
    // unusable, for example because only one of the two files is written yet. In this case the method logs the error once and keeps the old
    // certificate.
    private void RenewIfDue()
    {
        try
        {
            var served = _file is null ? RenewDevelopmentCertificate() : ReloadIfChanged(_file);
            _lastError = null;
            if (served is null)
                return;
            Volatile.Write(ref _served, served);
            Log.CertificateRenewed(_logger, served.Expires);
        }
        catch (SettingException fault)
        {
            if (_lastError != fault.Message)
                Log.CertificateNotRenewed(_logger, fault.Message, _served.Expires);
            _lastError = fault.Message;
        }
    }

    private ServedCertificate? RenewDevelopmentCertificate() =>
        _served.Expires - _time.GetUtcNow() > DevelopmentCertificate.RenewWithin ? null : _development!.Get(_time.GetUtcNow());

    private ServedCertificate? ReloadIfChanged(CertificateFile file)
    {
        var contents = file.Read();
        if (contents.Certificate.AsSpan().SequenceEqual(_contents.Certificate) && contents.Key.AsSpan().SequenceEqual(_contents.Key))
            return null;
        var served = file.Open(contents, _time.GetUtcNow());
        _contents = contents;
        return served;
    }
}
