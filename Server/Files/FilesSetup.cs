using Microsoft.Extensions.Options;
using RawSocketChat.Server.Files.Images;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Files;

/// <summary>Adds uploads and downloads to the services and the request pipeline.</summary>
public static class FilesSetup
{
    public static IServiceCollection AddFiles(this IServiceCollection services)
    {
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<DataOptions>>().Value.Durability == Durability.None
            ? provider.GetRequiredService<TemporaryContents>().Folder
            : ContentFolder.Of(provider.GetRequiredService<SqlStorage>().Folder));
        services.AddSingleton<TemporaryContents>();
        services.AddSingleton<ContentStore>();
        services.AddSingleton<UploadGate>();
        services.AddSingleton<FileMetrics>();
        services.AddOptions<ImageOptions>().BindConfiguration(ImageOptions.Section);
        services.AddSingleton<ImagePreviews>();
        services.AddSingleton<FileUploads>();
        services.AddSingleton<FileSession>();
        services.AddSingleton<FileOrigins>();
        services.AddSingleton<UploadEndpoint>();
        services.AddSingleton<DownloadEndpoint>();
        services.AddHostedService<FileMaintenance>();
        return services;
    }

    /// <summary>
    /// Answers the CORS preflights for <paramref name="path"/> and the addresses below it, and adds the CORS headers to all other answers for pages
    /// of allowed origins. Call this before anything else answers OPTIONS.
    /// </summary>
    public static IApplicationBuilder UseFileOrigins(this IApplicationBuilder app, string path)
    {
        var origins = app.ApplicationServices.GetRequiredService<FileOrigins>();
        return app.Use(next => context =>
            context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal) && origins.Answer(context) ? Task.CompletedTask : next(context));
    }

    /// <summary>Receives files at <paramref name="path"/>, and sends them at the addresses below it.</summary>
    public static IApplicationBuilder MapFiles(this IApplicationBuilder app, string path)
    {
        var upload = app.ApplicationServices.GetRequiredService<UploadEndpoint>();
        var download = app.ApplicationServices.GetRequiredService<DownloadEndpoint>();
        return app.Use(next => context =>
        {
            if (!context.Request.Path.StartsWithSegments(path, StringComparison.Ordinal, out var rest))
                return next(context);
            if (!rest.HasValue)
                return upload.InvokeAsync(context);
            return rest.Value!.Split('/') is ["", var id, var name] ? download.InvokeAsync(context, id, name) : next(context);
        });
    }
}
